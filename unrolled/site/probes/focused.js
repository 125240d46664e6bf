(() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const ring = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none"
    || style.boxShadow !== "none";
  return {toggle: e.matches(".solution .toggle-button"), next: e.matches("a.right-next"),
          seen: ring && box.width > 0, what: e.outerHTML.slice(0, 80)};
})()
