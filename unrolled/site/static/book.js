// Whatever is wider than its place can be reached, and then scrolled, by keyboard. The theme measures all
// of a page for that at once (pages.py takes this out); here each thing is measured when it is laid out.
const WIDE = "pre, div.math, .cell_output > .output, .pst-scrollable-table-container";
// What goes on to the right fades there: a table cut between two columns looks whole.
const fade = (one) =>
  one.classList.toggle("goes-on", one.scrollWidth - one.clientWidth - one.scrollLeft > 1);
const watch = new ResizeObserver((seen) => seen.forEach(({target}) => {
  if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  else target.removeAttribute("tabindex");
  fade(target);
}));
document.querySelectorAll(WIDE).forEach((one) => {
  watch.observe(one);
  one.addEventListener("scroll", () => fade(one), { passive: true });
});

// A solution's button says what it does; a click on the title, or printing, changes that as well.
addEventListener("load", () => document.querySelectorAll("button.toggle-button").forEach((one) => {
  const name = () => one.setAttribute("aria-label", one.dataset.toggleHint);
  name();
  new MutationObserver(name).observe(one, { attributeFilter: ["data-toggle-hint"] });
}));

// A list of sections over the page gives it back once a section is chosen.
document.querySelectorAll("dialog").forEach((one) =>
  one.addEventListener("click", ({target}) => target.closest("a") && one.close()));

// Sections have their true heights only once they are laid out, so a reader who comes back is led to a
// section, not to a number of pixels.
const place = `place ${location.pathname}`;
addEventListener("pagehide", () => {
  const read = document.elementFromPoint(innerWidth / 2, innerHeight / 4)?.closest("section[id]");
  sessionStorage.setItem(place, JSON.stringify([read?.id, read?.getBoundingClientRect().top]));
});
addEventListener("load", () => {
  const [{ type }] = performance.getEntriesByType("navigation");
  const [id, top] = JSON.parse(sessionStorage.getItem(place)) ?? [];
  const section = id && document.getElementById(id);
  if (type === "navigate" || !section) return;
  history.scrollRestoration = "manual";
  section.scrollIntoView({ behavior: "instant" }); // which lays it out, before its parts are measured
  const lead = () => scrollBy({ top: section.getBoundingClientRect().top - top, behavior: "instant" });
  requestAnimationFrame(() => requestAnimationFrame(lead));
});
