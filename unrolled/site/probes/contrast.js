(() => {
  const ink = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const known = new Map();
  const rgb = (color) => {
    if (!known.has(color)) {
      ink.clearRect(0, 0, 1, 1); ink.fillStyle = color; ink.fillRect(0, 0, 1, 1);
      known.set(color, [...ink.getImageData(0, 0, 1, 1).data].map((v) => v / 255));
    }
    return known.get(color);
  };
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3]));
  const papers = new Map([[null, [1, 1, 1]]]);
  const paper = (e) => {
    if (!papers.has(e)) {
      papers.set(e, over(rgb(getComputedStyle(e).backgroundColor), paper(e.parentElement)));
    }
    return papers.get(e);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let worst = [21, ""];
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement, text = texts.currentNode.data.trim();
    if (!text || !e.checkVisibility({visibilityProperty: true})) continue;
    if (e.closest("script, style") || e.getBoundingClientRect().width < 2) continue;
    const back = paper(e), a = light(over(rgb(getComputedStyle(e).color), back)), b = light(back);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, text];
  }
  return worst;
})()
