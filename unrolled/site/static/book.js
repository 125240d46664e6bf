// What the theme leaves out: wide formulas can be reached by keyboard, folded solutions say their name.
const watch = new ResizeObserver((seen) => seen.forEach(({target}) => {
  if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  else target.removeAttribute("tabindex");
}));
document.querySelectorAll("div.math").forEach((one) => watch.observe(one));
addEventListener("load", () => document.querySelectorAll("button.toggle-button").forEach((one) => {
  one.setAttribute("aria-label", one.dataset.toggleHint);
}));
