// The table behind each chart: the same numbers, for whoever reads better than they see.
const MOST = 40;

const some = (data) => {
  const step = Math.max(1, Math.ceil(data.at.length / MOST));
  return data.at.map((_, index) => index).filter((index) => index % step === 0 || index === data.at.length - 1);
};

function table(heads, rows) {
  const made = document.createElement("table");
  const cell = (name, text, number) => {
    const one = document.createElement(name);
    if (number) one.className = "num";
    one.textContent = text;
    return one;
  };
  const top = made.createTHead().insertRow();
  heads.forEach((head, index) => top.append(cell("th", head, index > 0)));
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((text, index) => line.append(cell(index ? "td" : "th", text, index > 0)));
  }
  return made;
}

const counts = (each, reader) => (each ? `${reader.count(each[0])} / ${reader.count(each[1])}` : "–");
const points = (value, reader) => reader.number(value === null ? null : value * 100);

export const tables = {
  difference: (data, kpi, reader, words) => table(
    [words.time, words.estimate, words.low, words.high, words.tolerated],
    some(data).map((at) => [reader.clock(data.at[at]), ...["estimate", "low", "high", "tolerated"].map((name) => points(kpi[name][at], reader))]),
  ),
  evidence: (data, kpi, reader, words) => table(
    [words.time, ...kpi.tests.map((test) => `${words[test.test]} (${words.limit} ${reader.number(test.threshold)})`)],
    some(data).map((at) => [reader.clock(data.at[at]), ...kpi.tests.map((test) => reader.number(test.evidence[at]))]),
  ),
  exposure: (data, _, reader, words) => table(
    [words.from, words.to, words.planned, words.observed, words.low, words.high, `${words.requests}: ${words.canary}`, `${words.requests}: ${words.baseline}`],
    data.exposure.map(([from, to, planned, observed, low, high, canary, baseline]) => [
      reader.clock(from), reader.clock(to), ...[planned, observed, low, high].map(reader.share), reader.count(canary), reader.count(baseline),
    ]),
  ),
  raw: (data, kpi, reader, words) => table(
    [words.time, `${words.canary}: ${words.failed} / ${words.requests}`, `${words.baseline}: ${words.failed} / ${words.requests}`],
    some(data).map((at) => [reader.clock(data.at[at]), counts(kpi.canary[at], reader), counts(kpi.baseline[at], reader)]),
  ),
  latency: (data, _, reader, words) => table(
    [words.quantile, ...Object.keys(data.latency).map((arm) => `${words[arm]}, ${words.milliseconds}`)],
    [0, 1, 2].map((place) => {
      const arms = Object.values(data.latency);
      const told = (each) => (each === null ? "–" : reader.milliseconds(each));
      return [reader.share(arms[0].quantiles[place][0]), ...arms.map((arm) => {
        const [, estimate, low, high] = arm.quantiles[place];
        return `${told(estimate)} [${told(low)}, ${told(high)}]`;
      })];
    }),
  ),
};
