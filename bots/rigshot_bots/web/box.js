// The picture on which a person draws a box around the subject. value: {src, box: [left, top, width, height] in pixels, or null}.
const picture = element.querySelector("img");
const canvas = element.querySelector(".rs-canvas");
const frame = element.querySelector(".rs-frame");
const clear = element.querySelector("button");
const SMALLEST = 0.03; // of the picture's side: less is a tap, not a box
let start = null;

const within = (number) => Math.min(Math.max(number, 0), 1);
const at = (event) => {
  const area = picture.getBoundingClientRect();
  return [within((event.clientX - area.left) / area.width), within((event.clientY - area.top) / area.height)];
};

function show(sides) {
  frame.hidden = !sides;
  clear.hidden = !sides;
  if (!sides) return;
  const [left, top, width, height] = sides.map((side) => `${100 * side}%`);
  Object.assign(frame.style, { left, top, width, height });
}

function drawn(event) {
  const [x, y] = at(event);
  return [Math.min(x, start[0]), Math.min(y, start[1]), Math.abs(x - start[0]), Math.abs(y - start[1])];
}

function render() {
  const { src, box } = props.value || {};
  element.dataset.state = src ? "picture" : "empty";
  if (picture.getAttribute("src") !== src) src ? picture.setAttribute("src", src) : picture.removeAttribute("src");
  const size = [picture.naturalWidth, picture.naturalHeight];
  show(box && size[0] ? box.map((side, axis) => side / size[axis % 2]) : null);
}

picture.addEventListener("error", () => { element.dataset.state = "broken"; });
canvas.addEventListener("pointerdown", (event) => {
  if (!picture.naturalWidth || event.button) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  start = at(event);
});
canvas.addEventListener("pointermove", (event) => { if (start) show(drawn(event)); });
canvas.addEventListener("pointerup", (event) => {
  if (!start) return;
  const sides = drawn(event);
  start = null;
  const size = [picture.naturalWidth, picture.naturalHeight];
  const box = Math.min(sides[2], sides[3]) < SMALLEST ? null : sides.map((side, axis) => Math.round(side * size[axis % 2]));
  props.value = { ...props.value, box };
});
canvas.addEventListener("pointercancel", () => { start = null; render(); });
clear.addEventListener("click", () => { props.value = { ...props.value, box: null }; });
watch("value", render);
render();
