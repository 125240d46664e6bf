(() => {
  const all = [...performance.getEntriesByType("navigation"),
               ...performance.getEntriesByType("resource")];
  const sum = (name) => all.map((one) => one[name]).reduce((a, b) => a + b, 0);
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {sent: sum("transferSize"), read: sum("decodedBodySize"), requests: all.length,
          paint: paint ? paint.startTime : 0, shift: window.shifts};
})()
