// Figures that a reader can move. The page holds a picture and its controls; Vega, which draws the
// live chart, is fetched when the first figure comes near. Nothing moves by itself.
(() => {
  const place = new URL("vega.js", document.currentScript.src);
  const SETTINGS =
    { mode: "vega", renderer: "svg", actions: false, tooltip: false, defaultStyle: false };
  let asked;
  const fetched = () =>
    (asked ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = place;
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = reject;
      document.head.append(script);
    }));

  const value = (control) => JSON.parse(control.value);

  const begin = async (figure) => {
    const embed = await fetched();
    const controls = [...figure.querySelectorAll("input, select")];
    const stage = document.createElement("div");
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const { view } = await embed(stage, spec, SETTINGS);
    for (const one of controls) view.signal(one.name, value(one));
    await view.resize().runAsync(); // the first layout does not know the heights of titles
    const picture = stage.querySelector("svg");
    picture.setAttribute("aria-hidden", "true"); // the alt text around it says it all
    figure.querySelector(".movable-picture").replaceChildren(picture);
    figure.addEventListener("input", ({ target }) =>
      view.signal(target.name, value(target)).runAsync());
    // A click on a cell of a map moves the controls that the cell has values for.
    view.addEventListener("click", (_, item) => {
      if (!["rect", "text"].includes(item?.mark.marktype)) return;
      for (const one of controls) {
        if (!(one.name in item.datum)) continue;
        one.value = JSON.stringify(item.datum[one.name]);
        one.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
    figure.dataset.live = "";
  };

  // Without Vega, as where the network is gone, the picture stays and says why it does.
  const still = (figure) => {
    const said = document.createElement("p");
    said.textContent = "This figure cannot be moved: its script did not load.";
    figure.querySelector(".movable-controls").replaceChildren(said);
  };

  const near = new IntersectionObserver((seen) => {
    for (const one of seen) {
      if (!one.isIntersecting) continue;
      near.unobserve(one.target);
      begin(one.target).catch(() => still(one.target));
    }
  }, { rootMargin: "800px" });
  for (const figure of document.querySelectorAll("figure.movable")) {
    near.observe(figure);
    figure.addEventListener("input", ({ target }) => {
      const shown = target.parentElement.querySelector("output");
      if (shown) shown.value = target.value;
    });
  }
})();
