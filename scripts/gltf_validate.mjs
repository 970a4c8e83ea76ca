// Runs the Khronos glTF validator on files and prints its issues as JSON, one line a file:
//   npm install --prefix build/node --no-save --no-package-lock gltf-validator@2.0.0-dev.3.10
//   node scripts/gltf_validate.mjs FILE.glb …
// Exit status 1 if a file has errors or warnings.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../build/node/", import.meta.url)));
const { validateBytes } = require("gltf-validator");

let clean = true;
for (const file of process.argv.slice(2)) {
  const { issues, info } = await validateBytes(new Uint8Array(readFileSync(file)));
  clean &&= issues.numErrors + issues.numWarnings === 0;
  console.log(JSON.stringify({ file, ...issues, info }));
}
process.exit(clean ? 0 : 1);
