// Notes every layout shift from the first paint on, but for those that follow what a person did.
window.lookShift = { sum: 0, who: [] };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.lookShift.sum += entry.value;
    for (const { node } of entry.sources || []) {
      const element = node && (node.nodeType === 1 ? node : node.parentElement);
      if (element) window.lookShift.who.push(`${element.localName}.${[...element.classList].join(".")}`);
    }
  }
}).observe({ type: "layout-shift", buffered: true });
