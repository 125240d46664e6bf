[...document.querySelectorAll("*")].filter((e) => {
  const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
  const style = getComputedStyle(e);
  return seconds(style.transitionDuration) > 0.01 || style.scrollBehavior === "smooth"
    || (style.animationName !== "none" && seconds(style.animationDuration) > 0.01);
}).map((e) => e.tagName.toLowerCase() + (e.id && "#" + e.id))
