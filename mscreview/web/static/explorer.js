/* The explorer: filters, charts and list over the records of one table, which stays on the page as it is.
   Records come from exhibits/explorer-data.js, a classic script, so that all of it works from a disk as well. */
(function () {
  "use strict";
  var PAGE = 50;
  var WIDE = "(min-width: 1200px)";
  var OPEN = ["kind", "setting", "evidence", "domain", "favours"];
  var SIGNS = { "favours MSC": "▲", "no difference": "●", "favours control": "▼", "conflicting": "◆", "unclear": "◆" };
  var SORTS = [["record", "Record"], ["kind", "Kind"], ["setting", "Setting"], ["domain", "Outcome"], ["favours", "Direction"], ["patients", "Patients"], ["year", "Year"]];
  var root = document.documentElement.dataset.content_root || "./";

  /* Small things */

  function make(tag, attributes, children) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    [].concat(children === undefined ? [] : children).forEach(function (child) { if (child !== null && child !== "") { element.append(child); } });
    return element;
  }

  function hidden(words) { return make("span", { "class": "for-screen-reader" }, words); }

  function plain(text) { return text.replace(/_/g, " "); }

  function write(element, text) { if (element.textContent !== text) { element.textContent = text; } }

  function number(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); }

  function counted(n, noun) { return number(n) + " " + (n === 1 ? noun : noun === "study" ? "studies" : noun + "s"); }

  function slug(text) { return text.toLowerCase().replace(/[^a-z0-9]+/g, "-"); }

  /* Arrow keys walk a group of buttons, which is one stop of the Tab key. */
  function rove(group) {
    function buttons() { return Array.from(group.querySelectorAll("button")).filter(function (b) { return b.offsetParent !== null; }); }
    function settle(here) { group.querySelectorAll("button").forEach(function (b) { b.tabIndex = b === here ? 0 : -1; }); }
    settle(group.querySelector("button"));
    group.addEventListener("focusin", function (event) { if (event.target.tagName === "BUTTON") { settle(event.target); } });
    group.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      var all = buttons();
      var to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step ? all.indexOf(document.activeElement) + step : -1;
      if (all[to]) { event.preventDefault(); all[to].focus(); }
    });
  }

  /* Records: columns of codes. A record carries one bit for each filter that it fails; whoever has none is shown. */

  function Records(data) {
    var self = this;
    this.data = data;
    this.n = data.rows.length;
    this.columns = {};
    data.columns.forEach(function (column) { self.columns[column.name] = column; });
    this.blank = function (text) { return data.blanks.indexOf(text) >= 0; };
    this.fail = new Uint32Array(this.n);
    this.facets = data.facets.map(function (facet, bit) {
      var column = self.columns[facet.column];
      return {
        key: facet.key, label: facet.label, terms: facet.terms, slugs: facet.slugs, parts: column.parts, codes: Uint32Array.from(column.codes), bit: bit,
        chosen: facet.terms.map(function () { return false; }), counts: [0, 1].map(function () { return new Uint32Array(facet.terms.length); }),
        held: [0, 1].map(function () { return new Uint32Array(column.values.length); })
      };
    });
    this.yearBit = this.facets.length;
    this.textBit = this.facets.length + 1;
    this.side = Uint8Array.from(this.columns.evidence.codes, function (code) { return self.columns.evidence.values[code] === data.animals ? 0 : 1; });
    this.year = Uint16Array.from(this.columns.year.codes, function (code) { return Number(self.columns.year.values[code]) || 0; });
    this.years = Array.from(new Set(this.year)).filter(Boolean).sort();
    this.study = Uint32Array.from(this.columns.study.codes);
    this.from = this.to = 0;
    this.text = "";
    this.sort = "";
    this.orders = {};
    this.all = [0, 0];
    this.side.forEach(function (side) { self.all[side] += 1; });
  }

  Records.prototype.value = function (name, i) {
    var column = this.columns[name];
    return column.values[column.codes[i]];
  };

  Records.prototype.facet = function (key) { return this.facets.find(function (facet) { return facet.key === key; }); };

  Records.prototype.mark = function (bit, passes) {
    var on = 1 << bit;
    for (var i = 0; i < this.n; i += 1) { this.fail[i] = !passes || passes(i) ? this.fail[i] & ~on : this.fail[i] | on; }
  };

  Records.prototype.filter = function (facet) {
    if (facet.chosen.indexOf(true) < 0) { this.mark(facet.bit, null); return; }
    var good = facet.parts.map(function (terms) { return terms.some(function (term) { return facet.chosen[term]; }); });
    this.mark(facet.bit, function (i) { return good[facet.codes[i]]; });
  };

  Records.prototype.filterYears = function () {
    var self = this;
    var to = this.to || 9999;
    this.mark(this.yearBit, this.from || this.to ? function (i) { return self.year[i] && self.year[i] >= self.from && self.year[i] <= to; } : null);
  };

  Records.prototype.filterText = function () {
    var self = this;
    var words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length && !this.written) {
      this.written = Array.from({ length: this.n }, function (_, i) {
        return plain(self.data.columns.map(function (column) { return column.values[column.codes[i]]; }).join(" ")).toLowerCase();
      });
    }
    this.mark(this.textBit, words.length ? function (i) { return words.every(function (word) { return self.written[i].indexOf(word) >= 0; }); } : null);
  };

  Records.prototype.refilter = function () {
    this.facets.forEach(this.filter, this);
    this.filterYears();
    this.filterText();
  };

  /* One walk over the records counts everything: a facet counts those that fail no filter but its own. */
  Records.prototype.count = function (charts) {
    var facets = this.facets;
    var width = facets.length;
    facets.forEach(function (facet) { [0, 1].forEach(function (side) { facet.held[side].fill(0); facet.counts[side].fill(0); }); });
    charts.forEach(function (chart) { chart.clear(); });
    this.shown = [0, 0];
    this.studies = [0, 0];
    this.seen = this.seen || [0, 1].map(function () { return new Uint8Array(this.columns.study.values.length); }, this);
    this.seen.forEach(function (seen) { seen.fill(0); });
    for (var i = 0; i < this.n; i += 1) {
      var fail = this.fail[i];
      var side = this.side[i];
      if (fail === 0) {
        this.shown[side] += 1;
        if (!this.seen[side][this.study[i]]) { this.seen[side][this.study[i]] = 1; this.studies[side] += 1; }
        for (var f = 0; f < width; f += 1) { facets[f].held[side][facets[f].codes[i]] += 1; }
        for (var c = 0; c < charts.length; c += 1) { charts[c].add(i, side); }
      } else if ((fail & (fail - 1)) === 0) {
        var bit = 31 - Math.clz32(fail);
        if (bit < width) { facets[bit].held[side][facets[bit].codes[i]] += 1; } else if (bit === this.yearBit) { charts[0].add(i, side); }
      }
    }
    facets.forEach(function (facet) {
      [0, 1].forEach(function (side) {
        facet.parts.forEach(function (terms, value) {
          var n = facet.held[side][value];
          if (n) { terms.forEach(function (term) { facet.counts[side][term] += n; }); }
        });
      });
    });
  };

  /* Order of the list: places of all records, made once for each column. */
  Records.prototype.order = function () {
    if (this.orders[this.sort]) { return this.orders[this.sort]; }
    var order = Array.from({ length: this.n }, function (_, i) { return i; });
    var name = this.sort.replace("-", "");
    var column = this.columns[name];
    if (column) {
      var blank = this.blank;
      var facet = this.facets.find(function (one) { return one.parts === column.parts && one.key === name; });
      var places = column.values.map(function (_, v) { return v; });
      var collator = new Intl.Collator("en", { numeric: true });
      places.sort(function (a, b) {
        var late = blank(column.values[a]) - blank(column.values[b]);
        return late || (facet ? facet.parts[a][0] - facet.parts[b][0] : 0) || collator.compare(column.values[a], column.values[b]);
      });
      var rank = new Uint32Array(places.length);
      places.forEach(function (v, place) { rank[v] = place; });
      var back = this.sort.charAt(0) === "-" ? -1 : 1;
      order.sort(function (a, b) {
        var x = column.codes[a];
        var y = column.codes[b];
        var late = blank(column.values[x]) - blank(column.values[y]);
        return late || back * (rank[x] - rank[y]) || a - b;
      });
    }
    this.orders[this.sort] = order;
    return order;
  };

  /* The view as an address, and back */

  Records.prototype.address = function () {
    var parts = this.facets.filter(function (facet) { return facet.chosen.indexOf(true) >= 0; }).map(function (facet) {
      return facet.key + "=" + facet.slugs.filter(function (_, t) { return facet.chosen[t]; }).join(",");
    });
    if (this.from || this.to) { parts.push("year=" + (this.from || "") + "-" + (this.to || "")); }
    if (this.text) { parts.push("q=" + encodeURIComponent(this.text)); }
    if (this.sort) { parts.push("sort=" + this.sort); }
    return parts.length ? "#" + parts.join("&") : "";
  };

  function decoded(text) {
    try { return decodeURIComponent(text.replace(/\+/g, " ")); } catch (error) { return text; }
  }

  /* Takes what it knows and names what it does not. */
  Records.prototype.read = function (hash) {
    var self = this;
    var strange = [];
    this.clear();
    hash.replace(/^#/, "").split("&").filter(Boolean).forEach(function (part) {
      var key = decoded(part.split("=")[0]);
      var value = decoded(part.slice(part.indexOf("=") + 1));
      var facet = self.facet(key);
      if (facet) {
        value.split(",").forEach(function (one) {
          var term = facet.slugs.indexOf(one);
          if (term >= 0) { facet.chosen[term] = true; } else { strange.push(facet.label.toLowerCase() + " “" + one + "”"); }
        });
      } else if (key === "year" && /^(\d{4})?(-(\d{4})?)?$/.test(value) && value.length > 3) {
        self.from = Number(value.slice(0, 4).replace(/\D.*/, ""));
        self.to = value.indexOf("-") < 0 ? self.from : Number(value.split("-")[1]);
      } else if (key === "q") {
        self.text = value.trim();
      } else if (key === "sort" && SORTS.some(function (sort) { return sort[0] === value.replace(/^-/, ""); })) {
        self.sort = value;
      } else {
        strange.push("“" + decoded(part) + "”");
      }
    });
    this.refilter();
    return strange;
  };

  Records.prototype.clear = function () {
    this.facets.forEach(function (facet) { facet.chosen.fill(false); });
    this.from = this.to = 0;
    this.text = "";
    this.sort = "";
  };

  /* Downloads */

  function cell(text) {
    /* A sheet would run what starts like a formula. */
    var safe = /^'*[=+\-@\t\r\n＝＋－＠]/.test(text) ? "'" + text : text;
    return /[",\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }

  Records.prototype.listed = function () {
    var fail = this.fail;
    return this.order().filter(function (i) { return fail[i] === 0; });
  };

  Records.prototype.sources = function (i) {
    var places = this.data.places;
    return this.data.rows[i].map(function (place) { return places[place][0]; }).join(";");
  };

  Records.prototype.csv = function () {
    var self = this;
    var lines = this.listed().map(function (i) {
      return self.data.columns.map(function (column) { return cell(column.values[column.codes[i]]); }).concat(cell(self.sources(i))).join(",");
    });
    return [this.data.columns.map(function (column) { return column.name; }).concat("row").join(",")].concat(lines).join("\r\n") + "\r\n";
  };

  Records.prototype.json = function () {
    var self = this;
    var filters = {};
    this.facets.forEach(function (facet) {
      var chosen = facet.terms.filter(function (_, t) { return facet.chosen[t]; });
      if (chosen.length) { filters[facet.key] = chosen; }
    });
    if (this.from || this.to) { filters.year = [this.from || null, this.to || null]; }
    if (this.text) { filters.text = this.text; }
    var records = this.listed().map(function (i) {
      var record = {};
      self.data.columns.forEach(function (column) { record[column.name] = column.values[column.codes[i]]; });
      record.row = self.sources(i).split(";");
      return record;
    });
    return JSON.stringify({ version: this.data.version, as_of: this.data.as_of, view: this.address(), filters: filters, records: records }, null, 1) + "\n";
  };

  function save(text, type, name) {
    var address = URL.createObjectURL(new Blob([text], { type: type }));
    var link = make("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(address); }, 10000);
  }

  /* Charts: each is cleared, fed the records that are shown, and drawn; a press on a mark filters. */

  function YearChart(records, press) {
    var kinds = records.facet("kind");
    var first = records.years[0];
    var last = records.years[records.years.length - 1];
    var span = last - first + 1;
    var counts = new Uint32Array(span * 2 * kinds.terms.length);
    var at = function (year, side, kind) { return ((year - first) * 2 + side) * kinds.terms.length + kind; };
    var names = ["animals", "patients"];
    var columns = [];
    var used = [0, 1].map(function () { return new Set(); });
    for (var i = 0; i < records.n; i += 1) { used[records.side[i]].add(kinds.parts[kinds.codes[i]][0]); }

    var bars = make("div", { "class": "year-bars", role: "group", "aria-label": "Records by year; arrow keys move from year to year" });
    bars.style.setProperty("--years", span);
    for (var year = first; year <= last; year += 1) {
      var column = { year: year, bars: [], stacks: [], totals: [] };
      column.words = hidden("");
      column.button = make("button", { type: "button", "class": "year" }, column.words);
      names.forEach(function (_, side) {
        var total = make("span", { "class": "year-total" });
        var stack = make("span", { "class": "year-stack" });
        var parts = Array.from(used[side]).sort().map(function (kind) {
          var part = make("span", { "class": "kind-" + slug(kinds.terms[kind]) });
          stack.append(part);
          return [kind, part];
        });
        column.bars.push(stack);
        column.totals.push(total);
        column.stacks.push(parts);
        column.button.append(make("span", { "class": "year-half", "aria-hidden": "true" }, [total, stack]));
      });
      column.button.append(make("span", { "class": "year-name", "aria-hidden": "true" }, String(year)));
      column.button.addEventListener("click", press.bind(null, year));
      bars.append(column.button);
      columns.push(column);
    }
    rove(bars);
    var keys = names.map(function (name, side) {
      var items = Array.from(used[side]).sort().map(function (kind) {
        return make("li", {}, [make("span", { "class": "swatch kind-" + slug(kinds.terms[kind]), "aria-hidden": "true" }), kinds.terms[kind]]);
      });
      return make("div", { "class": "year-key" }, [make("strong", {}, side ? "In patients" : "In animals"), make("ul", {}, items)]);
    });
    var undated = make("p", { "class": "explorer-small" });
    var without = [0, 0];
    this.element = make("section", { "class": "explorer-chart chart-year" }, [
      make("h3", {}, "Records by year"),
      make("p", { "class": "explorer-small" }, "Of publication; for registered trials, of their start. Animals above, patients below, on one scale."),
      make("div", { "class": "year-frame" }, [make("div", { "class": "year-keys" }, keys), make("div", { "class": "year-scroll" }, bars)]), undated
    ]);
    this.clear = function () { counts.fill(0); without = [0, 0]; };
    this.add = function (i, side) {
      if (!records.year[i]) { without[side] += 1; return; }
      counts[at(records.year[i], side, kinds.parts[kinds.codes[i]][0])] += 1;
    };
    this.draw = function () {
      var sums = columns.map(function (column) {
        return names.map(function (_, side) { return column.stacks[side].reduce(function (sum, part) { return sum + counts[at(column.year, side, part[0])]; }, 0); });
      });
      var most = Math.max(1, Math.max.apply(null, sums.map(function (sum) { return Math.max(sum[0], sum[1]); })));
      columns.forEach(function (column, c) {
        var inside = (!records.from || column.year >= records.from) && (!records.to || column.year <= records.to);
        var words = names.map(function (name, side) {
          var parts = column.stacks[side].filter(function (part) {
            var n = counts[at(column.year, side, part[0])];
            part[1].style.flexGrow = n;
            return n;
          }).map(function (part) { return kinds.terms[part[0]] + " " + counts[at(column.year, side, part[0])]; });
          column.bars[side].style.setProperty("--share", sums[c][side] / most);
          write(column.totals[side], sums[c][side] ? number(sums[c][side]) : "");
          return name + " " + (sums[c][side] ? sums[c][side] + " (" + parts.join(", ") + ")" : "0");
        }).join("; ");
        column.button.classList.toggle("outside", !inside);
        write(column.words, column.year + ": " + words);
        column.button.setAttribute("aria-pressed", String(records.from === column.year && records.to === column.year));
        column.button.title = column.year + ": " + words;
      });
      var missing = names.map(function (name, side) { return without[side] ? number(without[side]) + " on " + name : ""; }).filter(Boolean);
      write(undated, missing.length && !records.from && !records.to ? "Not drawn, because no year is known: " + missing.join(", ") + "." : "");
    };
  }

  function DirectionChart(records, press) {
    var finding = records.facet("kind").terms.indexOf(records.data.finding);
    var kind = records.facet("kind");
    var domain = records.facet("domain");
    var favours = records.facet("favours");
    var evidence = records.facet("evidence");
    var directions = favours.terms.filter(function (term) { return !records.blank(term); });
    var size = evidence.terms.length * directions.length;
    var counts = new Uint32Array(domain.terms.length * size);
    var add = this.add = function (i) {
      if (kind.parts[kind.codes[i]][0] !== finding) { return; }
      var way = favours.parts[favours.codes[i]][0];
      if (way < directions.length) {
        domain.parts[domain.codes[i]].forEach(function (d) { counts[d * size + evidence.parts[evidence.codes[i]][0] * directions.length + way] += 1; });
      }
    };
    for (var i = 0; i < records.n; i += 1) { add(i); }
    function sum(d, e) {
      var total = 0;
      for (var way = 0; way < directions.length; way += 1) { total += counts[d * size + e * directions.length + way]; }
      return total;
    }
    var strata = evidence.terms.map(function (_, e) { return e; }).filter(function (e) { return domain.terms.some(function (_, d) { return sum(d, e); }); });
    var rows = domain.terms.map(function (_, d) { return d; }).filter(function (d) { return strata.some(function (e) { return sum(d, e); }); });
    var cells = [];
    var grid = make("div", { "class": "direction-grid", role: "group", "aria-label": "Direction of findings by outcome domain; arrow keys move from bar to bar" });
    grid.style.setProperty("--strata", strata.length);
    grid.append(make("span", { "class": "direction-corner" }));
    strata.forEach(function (e) { grid.append(make("span", { "class": "direction-head", "aria-hidden": "true" }, evidence.terms[e])); });
    var lines = rows.map(function (d) {
      var line = make("span", { "class": "direction-name", "aria-hidden": "true" }, domain.terms[d]);
      grid.append(line);
      strata.forEach(function (e) {
        var here = { d: d, e: e, said: hidden(""), words: make("span", { "class": "direction-count", "aria-hidden": "true" }) };
        here.parts = directions.map(function (term) { return make("span", { "class": "way-" + slug(term) }); });
        var bar = make("span", { "class": "direction-bar", "aria-hidden": "true" }, here.parts);
        here.button = make("button", { type: "button", "class": "direction-cell" }, [
          here.said, make("span", { "class": "direction-stratum", "aria-hidden": "true" }, evidence.terms[e]), bar, here.words
        ]);
        here.button.addEventListener("click", function () { press(d, e); });
        grid.append(here.button);
        cells.push(here);
      });
      return [d, line];
    });
    if (cells.length) { rove(grid); }
    var known = directions.filter(function (_, way) { return cells.some(function (c) { return counts[c.d * size + c.e * directions.length + way]; }); });
    var key = make("ul", { "class": "direction-key" }, known.map(function (term) {
      return make("li", {}, [make("span", { "class": "swatch way-" + slug(term), "aria-hidden": "true" }), term]);
    }));
    var nothing = make("p", { "class": "explorer-none" }, "No finding is among the records shown.");
    this.element = make("section", { "class": "explorer-chart chart-direction" }, [
      make("h3", {}, "Direction of findings by outcome domain"),
      make("p", { "class": "explorer-small" }, "Numbers of findings as reported, in the order of the key. They are not effects and are not pooled."), key, grid, nothing
    ]);
    this.clear = function () { counts.fill(0); };
    this.draw = function () {
      var top = Math.max.apply(null, [0].concat(cells.map(function (c) { return sum(c.d, c.e); })));
      var most = Math.max(1, top);
      grid.hidden = key.hidden = !top;
      nothing.hidden = top > 0;
      lines.forEach(function (line) { line[1].classList.toggle("empty", strata.every(function (e) { return !sum(line[0], e); })); });
      cells.forEach(function (c) {
        var total = sum(c.d, c.e);
        var told = [];
        c.parts.forEach(function (part, way) {
          var n = counts[c.d * size + c.e * directions.length + way];
          part.style.width = n / most * 100 + "%";
          if (n) { told.push(n + " " + directions[way]); }
        });
        var figures = known.map(function (term) { return counts[c.d * size + c.e * directions.length + directions.indexOf(term)]; });
        write(c.words, total ? figures.join(" · ") : "–");
        c.button.classList.toggle("empty", !total);
        var label = domain.terms[c.d] + ", " + evidence.terms[c.e] + ": " + (told.join(", ") || "no finding");
        write(c.said, label);
        c.button.title = label;
        c.button.setAttribute("aria-pressed", String(domain.chosen[c.d] && evidence.chosen[c.e]));
      });
    };
  }

  function SourceChart(records, press) {
    var species = records.facet("species");
    var source = records.facet("source");
    var known = function (facet) { return facet.terms.map(function (_, t) { return t; }).filter(function (t) { return !records.blank(facet.terms[t]); }); };
    var studies = records.columns.study.values.length;
    var seen = new Uint8Array(species.terms.length * source.terms.length * studies);
    var counts = new Uint32Array(species.terms.length * source.terms.length);
    var add = this.add = function (i, side) {
      if (side) { return; }
      var s = species.parts[species.codes[i]][0];
      source.parts[source.codes[i]].forEach(function (t) {
        var at = s * source.terms.length + t;
        if (!seen[at * studies + records.study[i]]) { seen[at * studies + records.study[i]] = 1; counts[at] += 1; }
      });
    };
    for (var i = 0; i < records.n; i += 1) { add(i, records.side[i]); }
    var rows = known(species);
    var columns = known(source).filter(function (t) { return rows.some(function (s) { return counts[s * source.terms.length + t]; }); });
    var cells = [];
    var body = rows.map(function (s) {
      return make("tr", {}, [make("th", { scope: "row" }, species.terms[s])].concat(columns.map(function (t) {
        var here = { s: s, t: t, said: hidden(""), n: make("span", { "aria-hidden": "true" }), bar: make("span", { "class": "source-bar", "aria-hidden": "true" }) };
        here.button = make("button", { type: "button" }, [here.said, here.n, here.bar]);
        here.button.addEventListener("click", function () { press(s, t); });
        cells.push(here);
        return make("td", {}, here.button);
      })));
    });
    var heads = [make("th", { scope: "col" }, "Species")].concat(columns.map(function (t) { return make("th", { scope: "col" }, source.terms[t]); }));
    var table = make("table", { "class": "source-table" }, [
      make("caption", { "class": "for-screen-reader" }, "Animal studies by species and cell source"), make("thead", {}, make("tr", {}, heads)), make("tbody", {}, body)
    ]);
    if (cells.length) { rove(table); }
    var nothing = make("p", { "class": "explorer-none" }, "No animal study of known species and cell source is among the records shown.");
    this.element = make("section", { "class": "explorer-chart chart-source" }, [
      make("h3", {}, "Animal studies by species and cell source"),
      make("p", { "class": "explorer-small" }, "Each study counts once, however many records it has."), table, nothing
    ]);
    this.clear = function () { counts.fill(0); seen.fill(0); };
    this.draw = function () {
      var top = Math.max.apply(null, [0].concat(cells.map(function (c) { return counts[c.s * source.terms.length + c.t]; })));
      var most = Math.max(1, top);
      table.hidden = !top;
      nothing.hidden = top > 0;
      cells.forEach(function (c) {
        var n = counts[c.s * source.terms.length + c.t];
        write(c.n, number(n));
        c.bar.style.width = n / most * 100 + "%";
        c.button.classList.toggle("empty", !n);
        write(c.said, species.terms[c.s] + ", " + source.terms[c.t] + ": " + counted(n, "study"));
        c.button.setAttribute("aria-pressed", String(species.chosen[c.s] && source.chosen[c.t]));
      });
    };
  }

  /* Panels of values */

  function Panel(records, facet, changed) {
    var terms = facet.terms.map(function (_, t) { return t; }).filter(function (t) { return facet.terms[t] !== "not_applicable"; });
    var sides = [0, 1].filter(function (side) {
      return Array.from(facet.codes).some(function (code, i) { return records.side[i] === side && !records.blank(facet.terms[facet.parts[code][0]]); });
    });
    var names = ["animals", "patients"];
    var state = make("span", { "class": "facet-state" });
    var items = terms.map(function (t) {
      var item = { t: t, box: make("input", { type: "checkbox" }), counts: [] };
      item.cells = sides.map(function (side) {
        var n = make("span", { "class": "facet-n" });
        var bar = make("span", { "class": "facet-bar side-" + names[side], "aria-hidden": "true" });
        item.counts.push([side, n, bar]);
        return make("span", { "class": "facet-count" }, [n, hidden(" on " + names[side] + " "), bar]);
      });
      item.box.addEventListener("change", function () { facet.chosen[t] = item.box.checked; records.filter(facet); changed(); });
      var name = make("span", { "class": records.blank(facet.terms[t]) ? "facet-name blank" : "facet-name" }, [plain(facet.terms[t]), hidden(": ")]);
      item.label = make("label", { "class": "facet-item" }, [item.box, name].concat(item.cells));
      return item;
    });
    var heads = make("div", { "class": "facet-item facet-heads", "aria-hidden": "true" }, [make("span"), make("span")].concat(sides.map(function (side) { return make("span", {}, names[side]); })));
    this.element = make("details", { "class": "facet", "data-facet": facet.key }, [
      make("summary", {}, [make("span", {}, facet.label), state]),
      make("fieldset", {}, [make("legend", { "class": "for-screen-reader" }, facet.label), heads].concat(items.map(function (item) { return item.label; })))
    ]);
    this.element.style.setProperty("--sides", sides.length);
    this.element.open = OPEN.indexOf(facet.key) >= 0;
    this.draw = function () {
      var most = 1;
      items.forEach(function (item) { if (!records.blank(facet.terms[item.t])) { item.counts.forEach(function (one) { most = Math.max(most, facet.counts[one[0]][item.t]); }); } });
      var chosen = 0;
      items.forEach(function (item) {
        var any = 0;
        item.counts.forEach(function (one) {
          var n = facet.counts[one[0]][item.t];
          any += n;
          write(one[1], number(n));
          one[2].style.width = records.blank(facet.terms[item.t]) ? "0" : n / most * 100 + "%";
        });
        if (item.box.checked !== facet.chosen[item.t]) { item.box.checked = facet.chosen[item.t]; }
        chosen += facet.chosen[item.t];
        item.label.classList.toggle("empty", !any);
      });
      write(state, chosen ? chosen + " chosen" : "");
    };
  }

  /* The list */

  function Row(records, i) {
    var get = function (name) { return records.value(name, i); };
    var known = function (names) { return names.map(get).filter(function (text) { return !records.blank(text); }); };
    var data = records.data;
    var way = get("favours");
    var links = data.rows[i].map(function (place) {
      var row = data.places[place];
      return make("a", { href: root + data.pages[row[1]] + "#" + row[2] }, row[0].slice(row[0].indexOf("/") + 1));
    });
    var listed = make("span", {}, links.reduce(function (all, link) { return all.concat(all.length ? ", " : [], link); }, []));
    var sources = links.length > 3 ? make("details", { "class": "explorer-rows" }, [make("summary", {}, links.length + " rows"), listed]) : listed;
    var papers = [];
    if (!records.blank(get("doi"))) { papers.push(make("a", { href: "https://doi.org/" + encodeURI(get("doi")), title: "doi " + get("doi") }, ["DOI", hidden(" of " + get("record"))])); }
    if (/^NCT\d{8}$/.test(get("nct_id"))) { papers.push(make("a", { href: "https://clinicaltrials.gov/study/" + get("nct_id") }, get("nct_id"))); }
    var who = known(["setting"]).concat(get("evidence") === data.animals ? known(["species"])[0] || data.animals : get("evidence"));
    var timing = known(["timing"]).map(function (text) { return text === "more than one of these" ? "infused at several times" : "infused " + (text === "same day" ? "on the " : "") + text; });
    var cells = known(["cell_source"]).concat(known(["preconditioning"]).map(function (text) { return text === "none" ? "not preconditioned" : text; }), timing);
    var trial = known(["design"]).concat(known(["phase"]).map(function (text) { return "phase " + text; }), known(["status"]),
      known(["patients"]).map(function (text) { return counted(Number(text), "patient"); }));
    var outcome = records.blank(get("domain")) ? "" : get("kind") === data.finding ? get("domain") + ": " + get("outcome") : "reports on " + get("outcome");
    var direction = make("span", { "class": "way-text" }, [make("span", { "class": "way-sign way-" + slug(way), "aria-hidden": "true" }, SIGNS[way] || ""), way]);
    var review = [get("review")].concat(papers.reduce(function (all, link) { return all.concat(" · ", link); }, []));
    var parts = [
      ["Setting", [who.join(" · "), cells.length ? make("span", { "class": "explorer-cells" }, cells.join(" · ")) : ""]], ["Outcome", [outcome, records.blank(way) ? "" : direction]],
      ["Trial", [trial.join(" · ")]], ["Year", known(["year"])], ["Source", [make("span", {}, review), sources]]
    ].map(function (part) { return [part[0], part[1].filter(function (one) { return one !== ""; })]; });
    return make("tr", {}, [make("th", { scope: "row" }, [get("record"), make("span", { "class": "explorer-kind" }, get("kind"))])].concat(parts.map(function (part) {
      return make("td", part[1].length ? { "data-label": part[0] } : { "class": "nothing", "data-label": part[0] }, part[1].map(function (one) { return make("div", {}, one); }));
    })));
  }

  var HEADS = [["record", "Record"], ["setting", "Setting and cells"], ["domain", "Outcome"], ["patients", "Trial"], ["year", "Year"], ["", "Source"]];

  function List(records, sorted) {
    var limit = PAGE;
    var body = make("tbody");
    var heads = HEADS.map(function (head) {
      var th = make("th", { scope: "col" });
      if (!head[0]) { th.append(head[1]); return [head[0], th]; }
      var button = make("button", { type: "button", "class": "explorer-sort" }, [head[1], head[0] === "patients" ? hidden(", by number of patients") : ""]);
      button.addEventListener("click", function () { sorted(records.sort === head[0] ? "-" + head[0] : records.sort === "-" + head[0] ? "" : head[0]); });
      th.append(button);
      return [head[0], th];
    });
    var table = make("table", { "class": "explorer-table" }, [
      make("caption", { "class": "for-screen-reader" }, "Records that pass all filters"), make("thead", {}, make("tr", {}, heads.map(function (head) { return head[1]; }))), body
    ]);
    var scroll = make("div", { "class": "explorer-scroll", role: "region", tabindex: "0", "aria-label": "Records that pass all filters" }, table);
    var none = make("p", { "class": "explorer-none" }, "No record passes all of these filters. Take one away, or clear all.");
    var more = make("button", { type: "button", "class": "explorer-button explorer-more" });
    var told = make("span", { "class": "explorer-small" });
    var self = this;
    /* To ask where it stands would cost a layout at every change. */
    var scrolled = false;
    scroll.addEventListener("scroll", function () { scrolled = true; }, { passive: true });
    more.addEventListener("click", function () {
      var first = body.rows.length;
      limit += PAGE;
      self.draw(true);
      var row = body.rows[first];
      if (row) { row.cells[0].tabIndex = -1; row.cells[0].focus(); }
    });
    this.element = make("div", { "class": "explorer-list" }, [scroll, none, make("p", { "class": "explorer-foot" }, [more, told])]);
    this.reset = function (n) { limit = n || PAGE; };
    this.draw = function (grown) {
      var order = records.order();
      var total = records.shown[0] + records.shown[1];
      var start = grown ? body.rows.length : 0;
      var lines = document.createDocumentFragment();
      for (var place = 0, shown = 0; place < order.length && shown < limit; place += 1) {
        if (records.fail[order[place]] === 0) {
          if (shown >= start) { lines.append(new Row(records, order[place])); }
          shown += 1;
        }
      }
      if (grown) { body.append(lines); } else { body.replaceChildren(lines); }
      if (scrolled && !grown) { scroll.scrollTop = 0; scrolled = false; }
      scroll.hidden = !total;
      none.hidden = total > 0;
      more.hidden = limit >= total;
      write(more, "Show " + Math.min(PAGE, total - limit) + " more");
      write(told, total ? number(Math.min(limit, total)) + " of " + number(total) + " lines of the list" : "");
      heads.forEach(function (head) {
        if (head[0]) { head[1].setAttribute("aria-sort", records.sort === head[0] ? "ascending" : records.sort === "-" + head[0] ? "descending" : "none"); }
      });
    };
  }

  /* All of it together */

  function build(exhibit, data) {
    var records = new Records(data);
    var id = function (name) { return "explorer-" + name; };
    var live = make("p", { "class": "explorer-status", role: "status" });
    var note = make("p", { "class": "explorer-note", role: "alert" });
    var chips = make("ul", { "class": "explorer-chips", "aria-label": "Active filters" });
    var hint = make("p", { "class": "explorer-small" }, "No filter is set: choose values, press a bar or type words.");
    var clear = make("button", { type: "button", "class": "explorer-button" }, "Clear all");
    var search = make("input", { type: "search", id: id("text"), autocomplete: "off" });
    var from = make("select", { id: id("from") });
    var to = make("select", { id: id("to") });
    [[from, "earliest"], [to, "latest"]].forEach(function (pair) {
      pair[0].append(new Option(pair[1], ""));
      records.years.forEach(function (year) { pair[0].append(new Option(String(year), String(year))); });
    });
    var sort = make("select", { id: id("sort") });
    sort.append(new Option("as in the table", ""));
    SORTS.forEach(function (one) {
      sort.append(new Option(one[1].toLowerCase(), one[0]));
      sort.append(new Option(one[1].toLowerCase() + ", backwards", "-" + one[0]));
    });

    function toggle(wanted) {
      var on = wanted.every(function (one) { return one[0].chosen[one[1]] && one[0].chosen.filter(Boolean).length === 1; });
      wanted.forEach(function (one) {
        one[0].chosen.fill(false);
        one[0].chosen[one[1]] = !on;
        records.filter(one[0]);
      });
      changed();
    }

    function years(a, b) {
      records.from = a;
      records.to = b;
      records.filterYears();
      changed();
    }

    var charts = [
      new YearChart(records, function (year) { var on = records.from === year && records.to === year; years(on ? 0 : year, on ? 0 : year); }),
      new DirectionChart(records, function (d, e) { toggle([[records.facet("domain"), d], [records.facet("evidence"), e]]); }),
      new SourceChart(records, function (s, t) { toggle([[records.facet("species"), s], [records.facet("source"), t]]); })
    ];
    var panels = records.facets.map(function (facet) { return new Panel(records, facet, changed); });
    var list = new List(records, function (name) { records.sort = name; changed(); });

    function filters() {
      var found = [];
      records.facets.forEach(function (facet) {
        facet.terms.forEach(function (term, t) {
          if (facet.chosen[t]) { found.push([facet.label + ": " + plain(term), function () { facet.chosen[t] = false; records.filter(facet); }]); }
        });
      });
      if (records.from || records.to) {
        var words = records.from === records.to ? String(records.from) : (records.from || "up") + " to " + (records.to || "now");
        found.push(["Year: " + words, function () { records.from = records.to = 0; records.filterYears(); }]);
      }
      if (records.text) { found.push(["Words: " + records.text, function () { records.text = ""; records.filterText(); }]); }
      return found;
    }

    var badge = make("span", { "class": "facet-state" });
    var typing = 0;

    function draw() {
      records.count(charts);
      charts.forEach(function (chart) { chart.draw(); });
      panels.forEach(function (panel) { panel.draw(); });
      list.draw();
      var active = filters();
      chips.replaceChildren.apply(chips, active.map(function (one) {
        var button = make("button", { type: "button", "class": "explorer-chip", "aria-label": "Remove the filter " + one[0] }, [one[0], make("span", { "aria-hidden": "true" }, "×")]);
        button.addEventListener("click", function () { one[1](); changed(); (chips.querySelector("button") || search).focus(); });
        return make("li", {}, button);
      }));
      chips.hidden = clear.hidden = !active.length;
      hint.hidden = active.length > 0;
      write(badge, active.length ? active.length + " active" : "");
      if (search.value.trim() !== records.text) { search.value = records.text; }
      from.value = String(records.from || "");
      to.value = String(records.to || "");
      sort.value = records.sort;
      write(live, ["animals", "patients"].map(function (name, side) {
        return number(records.shown[side]) + " of " + number(records.all[side]) + " records on " + name + ", from " + counted(records.studies[side], "study");
      }).join("; ") + ".");
    }

    /* Words still being typed belong to any change that comes before they are taken. */
    function typed() {
      window.clearTimeout(typing);
      typing = 0;
      if (records.text !== search.value.trim()) { records.text = search.value.trim(); records.filterText(); }
    }

    function changed(quiet) {
      if (typing) { typed(); }
      var hash = records.address();
      note.textContent = "";
      list.reset();
      draw();
      if (hash === location.hash) { return; }
      /* Typing a word is one step back, not one for each letter. */
      history[quiet === true ? "replaceState" : "pushState"](null, "", location.pathname + location.search + hash);
    }

    function arrive() {
      /* An address without “=” is a place on the page, not a view. */
      if (location.hash && location.hash.indexOf("=") < 0) { return; }
      window.clearTimeout(typing);
      typing = 0;
      var strange = records.read(location.hash);
      note.textContent = strange.length ? "Left out, because the data do not have it: " + strange.join(", ") + "." : "";
      panels.forEach(function (panel, p) { if (records.facets[p].chosen.indexOf(true) >= 0) { panel.element.open = true; } });
      list.reset();
      draw();
    }

    clear.addEventListener("click", function () {
      var kept = records.sort;
      window.clearTimeout(typing);
      typing = 0;
      records.clear();
      records.sort = kept;
      records.refilter();
      changed();
      search.focus();
    });
    search.addEventListener("input", function () {
      window.clearTimeout(typing);
      typing = window.setTimeout(function () { typed(); changed(true); }, 120);
    });
    from.addEventListener("change", function () { years(Number(from.value), Number(to.value) && Number(to.value) < Number(from.value) ? 0 : Number(to.value)); });
    to.addEventListener("change", function () { years(Number(to.value) && Number(from.value) > Number(to.value) ? 0 : Number(from.value), Number(to.value)); });
    sort.addEventListener("change", function () { records.sort = sort.value; changed(); });

    function button(words, press) {
      var made = make("button", { type: "button", "class": "explorer-button" }, words);
      made.addEventListener("click", press);
      return made;
    }
    var link = make("input", { type: "text", readonly: "", "class": "explorer-link", "aria-label": "Address of this view" });
    link.hidden = true;
    var copied = make("span", { role: "status", "class": "explorer-small" });
    function hand() { link.value = location.href; link.hidden = false; link.focus(); link.select(); copied.textContent = "Copy the address from the field."; }
    var tools = make("div", { "class": "explorer-tools" }, [
      button("Copy link", function () {
        if (!navigator.clipboard) { hand(); return; }
        navigator.clipboard.writeText(location.href).then(function () { copied.textContent = "The link is copied."; }, hand);
      }),
      button("CSV of what is shown", function () { save(records.csv(), "text/csv;charset=utf-8", "mscreview-explorer.csv"); }),
      button("JSON of what is shown", function () { save(records.json(), "application/json", "mscreview-explorer.json"); }),
      link, copied
    ]);

    var drawer = make("details", { "class": "explorer-filters" }, [
      make("summary", {}, [make("span", {}, "Filters"), badge]),
      make("div", { "class": "explorer-fields" }, [
        make("label", { "class": "explorer-field explorer-words", "for": id("text") }, [make("span", {}, "Words in a record"), search]),
        make("label", { "class": "explorer-field", "for": id("from") }, [make("span", {}, "From year"), from]),
        make("label", { "class": "explorer-field", "for": id("to") }, [make("span", {}, "To year"), to])
      ]),
      make("div", { "class": "explorer-facets" }, panels.map(function (panel) { return panel.element; }))
    ]);
    var wide = window.matchMedia(WIDE);
    function fit() { drawer.open = wide.matches; }
    wide.addEventListener("change", fit);
    fit();

    var place = make("div", { "class": "explorer", role: "group", "aria-label": "Explorer" }, [
      drawer,
      make("div", { "class": "explorer-view" }, [
        make("div", { "class": "explorer-bar" }, [live, make("div", { "class": "explorer-active" }, [hint, chips, clear])]),
        note,
        make("div", { "class": "explorer-charts" }, charts.map(function (chart) { return chart.element; })),
        make("section", {}, [
          make("h3", {}, "The records"),
          make("div", { "class": "explorer-above" }, [make("label", { "class": "explorer-field explorer-order", "for": id("sort") }, [make("span", {}, "Sorted by"), sort]), tools]),
          list.element
        ])
      ])
    ]);

    var named = exhibit.querySelector(".exhibit-number");
    var title = named && named.textContent ? named.textContent.replace(/\.$/, "") : "The table";
    var whole = make("details", { "class": "explorer-whole" }, make("summary", {}, title + " in full: every record with every column, whatever is chosen above"));
    Array.from(exhibit.children).forEach(function (child) { if (!child.classList.contains("exhibit-files")) { whole.append(child); } });
    exhibit.prepend(place, whole);

    window.addEventListener("popstate", arrive);
    window.addEventListener("beforeprint", function () { list.reset(records.n); list.draw(); });
    window.addEventListener("afterprint", function () { list.reset(); list.draw(); });
    records.refilter();
    draw();
    arrive();
  }

  function start() {
    var exhibit = document.getElementById("tbl-explorer");
    if (!exhibit) { return; }
    if (window.mscreviewExplorer) { build(exhibit, window.mscreviewExplorer); return; }
    var script = make("script", { src: root + "exhibits/explorer-data.js" });
    script.addEventListener("load", function () { if (window.mscreviewExplorer) { build(exhibit, window.mscreviewExplorer); } });
    document.head.append(script);
  }

  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
}());
