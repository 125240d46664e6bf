((language) => {
  const said = [], shown = (e) => e.checkVisibility({visibilityProperty: true});
  const root = document.documentElement;
  if (root.lang !== language) said.push(`lang is "${root.lang}", not "${language}"`);
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown);
  const levels = headings.map((e) => Number(e.tagName[1]));
  const first = levels.filter((level) => level === 1).length;
  if (first !== 1) said.push(`${first} headings of the first level`);
  levels.forEach((level, i) => {
    if (level > (i ? levels[i - 1] : 0) + 1) {
      said.push(`h${level} "${headings[i].innerText.trim()}" skips a level`);
    }
  });
  for (const image of document.images) {
    if (!image.complete || !image.naturalWidth) said.push(`${image.src} is not there`);
  }
  for (const e of document.querySelectorAll("[class*='fa-']")) {
    if (shown(e) && e.matches("i, span") && getComputedStyle(e).maskImage === "none") {
      said.push(`the icon ${e.className} is not in icons.css`);
    }
  }
  for (const e of document.querySelectorAll("body *")) {
    for (const part of ["::before", "::after"]) {
      if (/[\uE000-\uF8FF]/.test(getComputedStyle(e, part).content) && shown(e)) {
        said.push(`${e.tagName.toLowerCase()}${part} needs the theme's icon font`);
      }
    }
  }
  const seen = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (seen.has(e.id)) said.push(`two elements have the id ${e.id}`);
    seen.add(e.id);
  }
  return said;
})
