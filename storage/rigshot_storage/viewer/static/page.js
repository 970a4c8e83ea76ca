// The model's page: clip buttons, pause, and the film where 3D does not work.
const viewer = document.querySelector("model-viewer");
const stage = document.querySelector(".stage");
const reel = stage.querySelector(".film");
const stillness = matchMedia("(prefers-reduced-motion: reduce)").matches;

if (stage.dataset.poster) tint(stage.dataset.poster);
if (viewer) live();
for (const film of document.querySelectorAll(viewer ? "figure video" : "video")) project(film);

function live() {
  const buttons = [...document.querySelectorAll("[data-clip]")];
  const playing = toggle(stage, (yes) => (yes ? viewer.play() : viewer.pause()));

  for (const button of buttons) {
    button.addEventListener("click", () => {
      viewer.animationName = button.dataset.clip;
      for (const each of buttons) each.ariaPressed = String(each === button);
      playing(true);
    });
  }
  const bar = viewer.querySelector(".progress");
  viewer.addEventListener("progress", ({ detail }) => {
    bar.style.setProperty("--share", detail.totalProgress);
    bar.hidden = detail.totalProgress === 1;
  });
  viewer.addEventListener("load", () => {
    for (const button of buttons) button.hidden = !viewer.availableAnimations.includes(button.dataset.clip);
    stage.querySelector(".toggle").hidden = viewer.availableAnimations.length === 0;
    document.documentElement.dataset.view = "live";
    if (stillness) playing(false);
  });
  viewer.addEventListener("error", fallBack);
  if (!canDraw()) fallBack();
}

// A film plays while it can be seen, unless the visitor stopped it or wants no motion.
function project(film) {
  const frame = film.closest("figure, .stage");
  film.pause();
  film.controls = stillness;
  if (stillness) return;
  let wanted = true;
  let seen = false;
  const follow = () => (wanted && seen ? film.play().catch(() => { film.controls = true; }) : film.pause());
  toggle(frame, (yes) => { wanted = yes; follow(); });
  frame.querySelector(".toggle").hidden = false;
  new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; follow(); }, { threshold: 0.25 }).observe(film);
}

// The round button in a corner; answers with a function that sets it.
function toggle(place, act) {
  const button = place.querySelector(".toggle");
  const set = (yes) => {
    place.classList.toggle("paused", !yes);
    button.ariaLabel = yes ? button.dataset.pause : button.dataset.play;
    act(yes);
  };
  button.onclick = () => set(place.classList.contains("paused")); // whoever holds the stage last
  return set;
}

function canDraw() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

function fallBack() {
  viewer.hidden = stage.querySelector(".toggle").hidden = true;
  for (const part of document.querySelectorAll(".live")) part.hidden = true;
  reel.hidden = document.querySelector(".film-note").hidden = false;
  for (const film of reel.querySelectorAll("video")) project(film);
  document.documentElement.dataset.view = "film";
}

// The studio of the poster has paper of a colour that suits the subject: the stage continues it.
async function tint(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  const pencil = canvas.getContext("2d", { willReadFrequently: true });
  pencil.drawImage(picture, 0, 0, 24, 24);
  const colour = (x, y) => `rgb(${[...pencil.getImageData(x, y, 1, 1).data].slice(0, 3).join(" ")})`;
  document.documentElement.style.setProperty("--glow", colour(12, 1));
  document.documentElement.style.setProperty("--edge", colour(0, 0));
}
