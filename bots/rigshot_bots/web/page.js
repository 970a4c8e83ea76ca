// Which job the page shows stands in its address, so that a reload, or a link kept for later, finds it again.
const rigshot = {
  told: "",
  job: () => new URLSearchParams(location.search).get("job") || "",
  remember(job) {
    const address = new URL(location.href);
    job ? address.searchParams.set("job", job) : address.searchParams.delete("job");
    if (address.href !== location.href) history.replaceState(null, "", address);
    if (job === rigshot.told) return;
    rigshot.told = job;
    const side = document.getElementById("rs-get"); // on a phone it lies below the form
    if (job && side.getBoundingClientRect().top > innerHeight / 2) side.scrollIntoView({ behavior: "smooth" });
  },
  shows: () => !!document.querySelector("#rs-model canvas"),
  async stands() {
    const loaded = () => performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.includes("/Canvas3D-") && responseEnd);
    while (!rigshot.shows() && !loaded()) await rigshot.moment(100);
    for (let moments = 0; !rigshot.shows() && moments < 30; moments++) await rigshot.moment(100);
    return rigshot.shows();
  },
  moment: (milliseconds) => new Promise((over) => setTimeout(over, milliseconds)),
  async model(path) {
    if (!path) return null;
    while (!document.querySelector("#rs-model .empty")) await rigshot.moment(50);
    const url = new URL(path, location.href).href;
    return { path: url, url, orig_name: path.split("/").pop(), meta: { _type: "gradio.FileData" } };
  },
};

// Without a public address, links to the download server lead to this very machine: they are for whoever sits at it.
document.documentElement.classList.toggle("rs-here", ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname));

// A photo that the browser cannot show (HEIC, or none at all) gets words instead of a broken picture.
const seen = (event) => {
  if (event.target.closest?.("#rs-photo")) document.getElementById("rs-give").classList.toggle("rs-unseen", event.type === "error");
};
addEventListener("error", seen, true);
addEventListener("load", seen, true);

// Films stop and go on when they are pressed; for whoever wants less motion they begin only then.
const film = (event) => event.target.closest?.(".rs-stage video[role=button]");
const press = (event) => {
  const pressed = film(event);
  if (!pressed || (event.key && event.key !== " " && event.key !== "Enter")) return;
  event.preventDefault();
  pressed.dataset.asked = "yes";
  pressed.paused ? pressed.play() : pressed.pause();
};
addEventListener("click", press);
addEventListener("keydown", press);
addEventListener("play", (event) => {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (still && event.target.closest?.(".rs-stage") && !event.target.dataset.asked) event.target.pause();
}, true);
