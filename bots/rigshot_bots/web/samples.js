// The gallery: a film plays while somebody points at it; a click makes that picture.
for (const button of element.querySelectorAll("[data-sample]")) {
  const film = button.querySelector("video");
  const play = () => film.play().catch(() => {}); // a browser may forbid films, and the still says enough
  const rest = () => { film.pause(); film.load(); };
  button.addEventListener("pointerenter", play);
  button.addEventListener("focus", play);
  button.addEventListener("pointerleave", rest);
  button.addEventListener("blur", rest);
  button.addEventListener("click", () => trigger("pick", { name: button.dataset.sample }));
}
