// Whatever is wider than its place can be reached, and then scrolled, by keyboard. The theme measures all
// of a page for that at once (pages.py takes this out); here each thing is measured when it is laid out.
const WIDE = "pre, div.math, .cell_output > .output, .pst-scrollable-table-container";
const watch = new ResizeObserver((seen) => seen.forEach(({target}) => {
  if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  else target.removeAttribute("tabindex");
}));
document.querySelectorAll(WIDE).forEach((one) => watch.observe(one));

// A solution's button says what it does; a click on the title, or printing, changes that as well.
addEventListener("load", () => document.querySelectorAll("button.toggle-button").forEach((one) => {
  const name = () => one.setAttribute("aria-label", one.dataset.toggleHint);
  name();
  new MutationObserver(name).observe(one, { attributeFilter: ["data-toggle-hint"] });
}));
