(() => {
  const said = [], shown = (e) => e.checkVisibility({visibilityProperty: true});
  for (const e of document.querySelectorAll("pre, table, math, img")) {
    if (shown(e) && e.getBoundingClientRect().right > innerWidth + 1) {
      said.push(`${e.tagName.toLowerCase()} leaves the page: ${e.textContent.trim().slice(0, 40)}`);
    }
    for (let box = e; box && box !== document.body; box = box.parentElement) {
      if (e.tagName === "math" && box === e) continue;  // its inside may be wider than its line
      if (!shown(e) || getComputedStyle(box).overflowX === "visible") continue;
      if (box.scrollWidth > box.clientWidth + 1) {
        said.push(`${e.tagName.toLowerCase()} is cut: ${e.textContent.trim().slice(0, 40)}`);
        break;
      }
    }
  }
  const navigation = "nav, .bd-header-article, .prev-next-footer, .copybtn, #pst-primary-sidebar";
  for (const e of document.querySelectorAll(navigation)) {
    if (shown(e) && e.getBoundingClientRect().height > 1) {
      said.push(`${e.tagName.toLowerCase()}.${e.className} is printed`);
    }
  }
  return said;
})()
