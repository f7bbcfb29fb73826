// What was judged of a release over time, as it is known here: whole at first, then grown by what the
// live connection brings. A tail that does not reach back to what is known asks for the whole again.
const MOST = 1200;

export class Series {
  constructor(address) {
    this.address = address;
    this.data = null;
    this.asking = null;
  }

  get last() {
    return this.data?.places.at(-1) ?? -1;
  }

  async whole() {
    this.asking ??= fetch(this.address, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText))))
      .then((data) => { this.data = data; return true; })
      .catch(() => false)
      .finally(() => { this.asking = null; });
    return this.asking;
  }

  // Whether what is known changed.
  async grow(tail) {
    const reaches = this.data && tail.places.length > 0 && tail.places[0] <= this.last + 1;
    const same = this.data && tail.kpis.every((kpi, index) => this.data.kpis[index]?.kpi === kpi.kpi);
    if (tail.total === 0) return false;
    if (!reaches || !same || tail.kpis.length !== this.data.kpis.length || this.data.places.length > MOST) {
      return this.whole();
    }
    const from = tail.places.findIndex((place) => place > this.last);
    const { data } = this;
    Object.assign(data, { total: tail.total, gaps: tail.gaps, marks: tail.marks, exposure: tail.exposure, latency: tail.latency });
    if (from < 0) return true;
    for (const name of ["places", "at", "planned"]) data[name].push(...tail[name].slice(from));
    tail.kpis.forEach((kpi, index) => {
      const known = data.kpis[index];
      for (const name of ["canary", "baseline", "estimate", "low", "high", "tolerated"]) known[name].push(...kpi[name].slice(from));
      kpi.tests.forEach((test) => {
        const before = known.tests.find((each) => each.test === test.test);
        if (!before) return;
        before.evidence.push(...test.evidence.slice(from));
        Object.assign(before, { threshold: test.threshold, crossed: test.crossed });
      });
    });
    return true;
  }
}
