/* Search: reads mscreviewIndex (search-index.js, a classic script, so that it works from a disk) and shows what holds all words typed. */
(function () {
  "use strict";
  var KINDS = [
    ["page", "Pages", "page", "pages"], ["exhibit", "Tables and figures", "table or figure", "tables and figures"],
    ["study", "Studies", "study", "studies"], ["trial", "Registered trials", "registered trial", "registered trials"],
    ["term", "Terms", "term", "terms"]
  ];
  var GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d"
  };
  var DROPPED = /^(a|al|an|and|are|as|at|by|et|for|from|in|is|of|on|or|the|to|with)$/;
  var DOI = /10\.\d{4,9}\/[^\s"<>]+/g, CHUNK = /[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu;
  var LONGEST = 200, MOST_WORDS = 8, FIRST = 10, PLACES = 2, EXCERPT = 220, PAUSE = 250;
  var folded = new Map(), FIRST_PLACE = 0xA1, WHOLE = 0, BEGINS = 1, NONE = 2;

  /* ---- Words: one spelling for what is written and for what is typed. ---- */

  function plain(text) {
    return text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[α-ωßøłæœđ]/g, function (c) { return GREEK[c] || c; })
      .replace(/[‐‑‒–−]/g, "-").replace(/['’ʼ]s(?![\p{L}\p{N}])/gu, "").replace(/['’ʼ]/g, "").replace(/(\d)[.,](?=\d)/g, "$1");
  }

  /* British and American become one; both sides pass here, so a wrong guess does no harm. */
  function fold(word) {
    var w = folded.get(word);
    if (w === undefined) { w = folding(word); folded.set(word, w); }
    return w;
  }

  function folding(word) {
    var w = word.replace(/ae|oe/g, "e").replace(/sulph/g, "sulf").replace(/^(cent|lit|fib|tit)re(s?)$/, "$1er$2");
    if (w.length > 4) { w = w.replace(/our(s|ed|ing|al|able|ably|)$/, "or$1"); }
    return w.length > 5 ? w.replace(/([iy])s(e|es|ed|er|ers|ing|able|ations?)$/, "$1z$2") : w;
  }

  /* "SDF-1" is found as sdf 1, sdf-1 and sdf1. */
  function stream(text) {
    var out = " ";
    (plain(text).match(CHUNK) || []).forEach(function (chunk) {
      var parts = chunk.split("-");
      parts.forEach(function (part) { out += fold(part) + " "; });
      if (parts.length > 1) { out += fold(parts.join("")) + " "; }
    });
    (text.match(DOI) || []).forEach(function (doi) { out += solid(doi) + " "; });
    return out;
  }

  function solid(doi) { return doi.toLowerCase().replace(/[^a-z0-9]/g, ""); }

  /* Each word of a query: the forms of which one must stand in a text. */
  function queried(typed) {
    var text = typed.slice(0, LONGEST);
    var found = (text.match(DOI) || []).map(function (doi) { return { shown: doi, forms: [solid(doi)], loose: [] }; });
    (plain(text.replace(/https?:\/\/\S*?(?=10\.\d{4}|\s|$)/g, " ").replace(DOI, " ")).match(CHUNK) || []).forEach(function (chunk) {
      var parts = chunk.split("-"), word = fold(parts.join("")), forms = [word];
      if (parts.length > 1) { forms.push(parts.map(fold).join(" ")); }
      if (/^[a-z]+\d+$/.test(word)) { forms.push(word.replace(/\d+$/, " $&")); }
      var loose = [];
      if (/[^s]s$/.test(word) && word.length > 3) { loose.push(word.slice(0, -1)); }
      if (/is$/.test(word)) { loose.push(word.slice(0, -1) + "z"); }
      found.push({ shown: chunk, forms: forms, loose: loose });
    });
    var telling = found.filter(function (word) { return !DROPPED.test(word.shown); });
    return (telling.length ? telling : found).slice(0, MOST_WORDS);
  }

  /* Whether a text holds a word whole, one that begins so (or its singular), or none. */
  function level(text, word) {
    var i;
    for (i = 0; i < word.forms.length; i += 1) { if (text.indexOf(" " + word.forms[i] + " ") >= 0) { return WHOLE; } }
    for (i = 0; i < word.forms.length; i += 1) { if (text.indexOf(" " + word.forms[i]) >= 0) { return BEGINS; } }
    for (i = 0; i < word.loose.length; i += 1) { if (text.indexOf(" " + word.loose[i]) >= 0) { return BEGINS; } }
    return NONE;
  }

  function times(text, word) {
    var count = 0, at = -1, form = " " + word.forms[0];
    while (count < 9 && (at = text.indexOf(form, at + 1)) >= 0) { count += 1; }
    return count;
  }

  /* ---- The index, made ready once. ---- */

  function prepared(raw) {
    var index = { pages: [], records: [], rest: [] };
    raw.pages.doc.forEach(function (doc, i) {
      index.pages.push({ doc: doc, title: raw.pages.title[i], part: raw.pages.part[i], name: stream(raw.pages.title[i]), sections: [], exhibits: [] });
    });
    raw.sections.page.forEach(function (page, i) {
      var text = raw.sections.text[i];
      index.pages[page].sections.push({
        heading: raw.sections.heading[i], anchor: raw.sections.anchor[i], text: text, head: stream(raw.sections.heading[i]), body: stream(text)
      });
    });
    raw.records.kind.forEach(function (kind, i) {
      var r = raw.records, record = { kind: kind, name: r.name[i], title: r.title[i], note: r.note[i], links: r.links[i] };
      record.fields = [[40, stream(r.name[i])], [12, stream(r.title[i])], [4, stream(r.note[i])], [4, stream(r.also[i])]];
      index.records.push(record);
      if (kind === "exhibit") { index.pages[record.links[0][1]].exhibits.push(record); }
    });
    var exhibits = raw.records.kind.filter(function (kind) { return kind === "exhibit"; }).length;
    var places = raw.places.split(" "), before = "";
    (raw.words.match(/[A-Z][^A-Z]*/g) || []).forEach(function (part, i) {
      before = before.slice(0, part.charCodeAt(0) - 65) + part.slice(1);
      index.rest.push([stream(before), before, Array.from(places[i], function (c) { return c.charCodeAt(0) - FIRST_PLACE; })]);
    });
    index.place = function (number) {
      return number < exhibits ? { page: index.records[number].links[0][1], exhibit: index.records[number] } : { page: number - exhibits, exhibit: null };
    };
    return index;
  }

  /* ---- Finding and ranking. ---- */

  function findPages(index, words) {
    var asides = words.map(function (word) {
      var found = {};
      index.rest.forEach(function (entry) {
        var at = level(entry[0], word);
        if (at === NONE) { return; }
        entry[2].forEach(function (number) {
          var place = index.place(number), known = found[place.page] || (found[place.page] = { level: NONE, exhibits: [] });
          known.level = Math.min(known.level, at);
          if (place.exhibit && known.exhibits.indexOf(place.exhibit) < 0) { known.exhibits.push(place.exhibit); }
        });
      });
      return found;
    });
    var results = [];
    index.pages.forEach(function (page, number) {
      var scores = page.sections.map(function () { return 0; }), result = { kind: "page", page: page, score: 0, level: WHOLE, exhibits: [] };
      var all = words.every(function (word, i) {
        var best = level(page.name, word), weight = [30, 15, 0][best];
        page.sections.forEach(function (section, s) {
          var head = level(section.head, word), body = level(section.body, word);
          var score = [10, 5, 0][head] + (body === NONE ? 0 : (body === WHOLE ? 1 : 0.5) * (1 + Math.log(times(section.body, word))));
          scores[s] += score;
          weight += score;
          best = Math.min(best, head, body);
        });
        page.exhibits.forEach(function (exhibit) {
          var at = level(exhibit.fields[1][1], word);
          if (at === NONE) { return; }
          best = Math.min(best, at);
          weight += 1;
          if (result.exhibits.indexOf(exhibit) < 0) { result.exhibits.push(exhibit); }
        });
        var aside = asides[i][number];
        if (aside && aside.level < best) {
          best = aside.level;
          weight += 0.3;
          aside.exhibits.forEach(function (exhibit) { if (result.exhibits.indexOf(exhibit) < 0) { result.exhibits.push(exhibit); } });
        }
        result.score += weight;
        result.level = Math.max(result.level, best);
        return best !== NONE;
      });
      if (!all) { return; }
      result.sections = page.sections.map(function (section, s) { return [scores[s], section]; })
        .filter(function (pair) { return pair[0] > 0; })
        .sort(function (a, b) { return b[0] - a[0]; })
        .map(function (pair) { return pair[1]; });
      results.push(result);
    });
    return results;
  }

  function findRecords(index, words, whole) {
    var results = [];
    index.records.forEach(function (record) {
      var result = { kind: record.kind, record: record, score: 0, level: WHOLE };
      var all = words.every(function (word) {
        var best = NONE, weight = 0;
        record.fields.forEach(function (field) {
          var at = level(field[1], word);
          best = Math.min(best, at);
          weight = Math.max(weight, [1, 0.5, 0][at] * field[0]);
        });
        result.score += weight;
        result.level = Math.max(result.level, best);
        return best !== NONE;
      });
      if (!all) { return; }
      /* The thing itself, by its whole name or number, comes first. */
      if (record.fields[0][1] === whole) { result.score += 200; }
      results.push(result);
    });
    return results;
  }

  function find(index, typed) {
    var words = queried(typed);
    if (!words.length) { return { words: words, results: [] }; }
    var results = findPages(index, words).concat(findRecords(index, words, stream(typed)));
    var exact = results.some(function (r) { return r.level === WHOLE; });
    results.forEach(function (r, i) { r.order = i; r.longer = exact && r.level !== WHOLE; });
    results.sort(function (a, b) { return b.score - a.score || a.order - b.order; });
    return { words: words, results: results };
  }

  /* ---- The nearest spelling, when nothing holds the words. ---- */

  function vocabulary(index) {
    if (index.vocabulary) { return index.vocabulary; }
    var seen = new Map();
    function add(text) {
      (text.match(/[\p{L}\p{N}]+(?:[-‑–][\p{L}\p{N}]+)*/gu) || []).forEach(function (token) {
        var key = fold(plain(token).replace(/-/g, "")), known = seen.get(key);
        if (known) { known.count += 1; } else { seen.set(key, { word: token, count: 1 }); }
      });
    }
    index.pages.forEach(function (page) { add(page.title); page.sections.forEach(function (s) { add(s.heading + " " + s.text); }); });
    index.records.forEach(function (record) { add(record.name + " " + record.title + " " + record.note); });
    index.rest.forEach(function (entry) { add(entry[1]); });
    index.vocabulary = seen;
    return seen;
  }

  /* Letters to change, add, drop or swap; stops above the limit. */
  function distance(a, b, limit) {
    var before = [], last, row = [], i, j, least;
    for (j = 0; j <= b.length; j += 1) { row.push(j); }
    for (i = 1; i <= a.length; i += 1) {
      last = before; before = row; row = [i]; least = i;
      for (j = 1; j <= b.length; j += 1) {
        row[j] = Math.min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) { row[j] = Math.min(row[j], last[j - 2] + 1); }
        least = Math.min(least, row[j]);
      }
      if (least > limit) { return least; }
    }
    return row[b.length];
  }

  function nearest(index, word) {
    var form = word.forms[0], limit = form.length < 4 ? 0 : form.length < 7 ? 1 : form.length < 11 ? 2 : 3, best = null;
    vocabulary(index).forEach(function (known, key) {
      if (Math.abs(key.length - form.length) > limit || /^\d+$/.test(key)) { return; }
      var far = distance(form, key, limit);
      if (far && far <= limit && (!best || far < best.far || (far === best.far && known.count > best.count))) {
        best = { far: far, count: known.count, word: known.word };
      }
    });
    return best && best.word;
  }

  /* ---- Showing. ---- */

  function make(tag, name, text) {
    var element = document.createElement(tag);
    if (name) { element.className = name; }
    if (text) { element.textContent = text; }
    return element;
  }

  function link(docs, to, text) {
    var element = make("a", "", text);
    element.href = docs[to[1]] + ".html" + (to[2] ? "#" + to[2] : "");
    return element;
  }

  function matcher(words, longer) {
    var known = new Map();
    return function (token) {
      var answer = known.get(token), text;
      if (answer === undefined) {
        text = stream(token);
        answer = words.some(function (word) { var at = level(text, word); return at === WHOLE || (longer && at === BEGINS); });
        known.set(token, answer);
      }
      return answer;
    };
  }

  /* A text with its matches marked, cut to what stands around the first where it is long. */
  function marked(text, matches, tag, name) {
    var element = make(tag, name), token = /[\p{L}\p{N}]+(?:[-‐‑–−][\p{L}\p{N}]+)*/gu, hits = [], found, from = 0, to = text.length;
    while ((found = token.exec(text))) {
      if (hits.length && found.index > hits[0][0] + EXCERPT) { break; }
      if (matches(found[0])) { hits.push([found.index, found.index + found[0].length]); }
    }
    if (text.length > EXCERPT * 1.3) {
      var first = hits.length ? hits[0][0] : 0;
      from = first > EXCERPT / 2 ? text.indexOf(" ", first - EXCERPT / 3) + 1 : 0;
      if (from > first) { from = first; }
      to = from + EXCERPT >= text.length ? text.length : text.lastIndexOf(" ", from + EXCERPT);
    }
    if (from) { element.append("… "); }
    hits.forEach(function (hit) {
      if (hit[1] > to) { return; }
      element.append(text.slice(from, hit[0]), make("mark", "", text.slice(hit[0], hit[1])));
      from = hit[1];
    });
    element.append(text.slice(from, to) + (to < text.length ? " …" : ""));
    return element;
  }

  function pageItem(index, result, matches) {
    var item = make("li"), page = result.page, docs = index.docs, number = docs.indexOf(page.doc);
    var head = make("h3", "search-name"), title = link(docs, ["", number, ""]);
    title.append(marked(page.title, matches, "span"));
    head.append(title);
    if (page.part) { head.append(" ", make("span", "search-part", page.part)); }
    item.append(head);
    var places = make("ul", "search-places");
    result.sections.slice(0, PLACES).forEach(function (section) {
      var place = make("li");
      if (section.anchor) {
        var to = link(docs, ["", number, section.anchor]);
        to.append(marked(section.heading, matches, "span"));
        place.append(to);
      }
      if (section.text) { place.append(marked(section.text, matches, "p")); }
      places.append(place);
    });
    result.exhibits.slice(0, Math.max(1, PLACES - places.children.length)).forEach(function (exhibit) {
      var place = make("li");
      place.append(link(docs, exhibit.links[0], exhibit.name), " ", marked(exhibit.title, matches, "span"));
      places.append(place);
    });
    if (!places.children.length) { places.append(make("li", "search-part", "In a table or a list of the page.")); }
    item.append(places);
    return item;
  }

  function recordItem(index, result, matches) {
    var item = make("li"), record = result.record, docs = index.docs, head = make("h3", "search-name"), main = link(docs, record.links[0]);
    main.append(marked(record.name, matches, "span"));
    head.append(main);
    if (record.title) { head.append(" ", marked(record.title, matches, "span", "search-title")); }
    item.append(head);
    if (record.note) { item.append(marked(record.note, matches, "p")); }
    var page = index.pages[record.links[0][1]], more = make("p", "search-more");
    if (record.kind === "exhibit") { more.append("on ", link(docs, ["", record.links[0][1], ""], page.title)); }
    record.links.slice(1).forEach(function (to) { more.append(more.childNodes.length ? ", " : "Also: ", link(docs, to, to[0])); });
    if (more.childNodes.length) { item.append(more); }
    return item;
  }

  function several(count, kind) { return count + " " + (count === 1 ? kind[2] : kind[3]); }

  function group(index, kind, results, words) {
    var section = make("section", "search-group"), head = make("h2", "", kind[1]), whole = [], longer = [];
    results.forEach(function (r) { (r.longer ? longer : whole).push(r); });
    head.id = "search-" + kind[0];
    section.setAttribute("aria-labelledby", head.id);
    if (whole.length) { head.append(" ", make("span", "search-count", String(whole.length))); }
    section.append(head);

    function list(some, loose) {
      var ordered = make("ol", "search-list"), matches = matcher(words, loose);
      function add(from, to) {
        some.slice(from, to).forEach(function (r) { ordered.append((r.kind === "page" ? pageItem : recordItem)(index, r, matches)); });
      }
      var box = make("div");
      box.append(ordered);
      /* Pages are all listed, so that a word that stands on so many pages shows so many. */
      if (kind[0] === "page" || some.length <= FIRST + 2) { add(0, some.length); return box; }
      add(0, FIRST);
      var more = make("button", "search-all", "Show all " + several(some.length, kind));
      more.type = "button";
      more.addEventListener("click", function () {
        var next = ordered.children.length;
        add(next, some.length);
        more.remove();
        ordered.children[next].querySelector("a").focus();
      });
      box.append(more);
      return box;
    }

    if (whole.length) { section.append(list(whole, whole.some(function (r) { return r.level !== WHOLE; }))); }
    if (longer.length) {
      var details = make("details", "search-longer");
      details.append(make("summary", "", several(longer.length, kind) + " with longer or related words"));
      details.addEventListener("toggle", function () {
        if (details.open && details.children.length === 1) { details.append(list(longer, true)); }
      });
      section.append(details);
    }
    return section;
  }

  function start() {
    var form = document.getElementById("search-form"), field = document.getElementById("search-field");
    var status = document.getElementById("search-status"), box = document.getElementById("search-results");
    var raw = window.mscreviewIndex, index = null, chosen = "", timer = 0;
    if (!form || !raw) {
      if (status) { status.textContent = "The index of the search could not be loaded; the links below lead on."; }
      return;
    }

    function ready() {
      if (index) { return; }
      index = prepared(raw);
      index.docs = raw.pages.doc;
    }

    function suggest(text) {
      var button = make("button", "search-suggestion", text);
      button.type = "button";
      button.addEventListener("click", function () { field.value = text; run(); keep(); field.focus(); });
      return button;
    }

    function nothing(words, typed) {
      var help = make("p", "search-none"), better = typed, changed = false, counts;
      words.forEach(function (word) {
        if (find(index, word.shown).results.length) { return; }
        var near = nearest(index, word);
        if (near) { better = better.toLowerCase().split(word.shown).join(near); changed = true; }
      });
      if (changed && find(index, better).results.length) { help.append("Did you mean ", suggest(better), "?"); return help; }
      counts = words.length > 1 ? words.filter(function (word) { return find(index, word.shown).results.length; }) : [];
      if (counts.length) {
        help.append("No page and no row holds all of these words. By itself: ");
        counts.forEach(function (word, i) { help.append(i ? ", " : "", suggest(word.shown), " (" + find(index, word.shown).results.length + ")"); });
        help.append(".");
        return help;
      }
      help.append("Try fewer or shorter words, the name of a first author, or an NCT number; or go by the links below.");
      return help;
    }

    function run() {
      var typed = field.value.trim();
      if (!typed) { box.replaceChildren(); status.textContent = ""; return; }
      ready();
      var found = find(index, typed), shown = typed.length > LONGEST ? typed.slice(0, LONGEST) + "…" : typed;
      if (!found.results.length) {
        status.textContent = "Nothing found for “" + shown + "”.";
        box.replaceChildren(nothing(found.words, typed));
        return;
      }
      var kinds = KINDS.map(function (kind) { return [kind, found.results.filter(function (r) { return r.kind === kind[0]; })]; })
        .filter(function (pair) { return pair[1].length; })
        .sort(function (a, b) { return (a[1][0].longer - b[1][0].longer) || (top(b[1]) > 150) - (top(a[1]) > 150); });
      if (!kinds.some(function (pair) { return pair[0][0] === chosen; })) { chosen = ""; }
      var counts = kinds.map(function (pair) { return [pair[0], pair[1].filter(function (r) { return !r.longer; }).length]; });
      var total = counts.reduce(function (sum, pair) { return sum + pair[1]; }, 0);
      status.textContent = total + (total === 1 ? " result" : " results") + " for “" + shown + "”: " +
        counts.filter(function (pair) { return pair[1]; }).map(function (pair) { return several(pair[1], pair[0]); }).join(", ") + ".";
      var parts = [];
      if (kinds.length > 1) { parts.push(chooser(counts, total)); }
      kinds.forEach(function (pair) { if (!chosen || pair[0][0] === chosen) { parts.push(group(index, pair[0], pair[1], found.words)); } });
      box.replaceChildren.apply(box, parts);
    }

    function top(results) { return Math.max.apply(null, results.map(function (r) { return r.score; })); }

    function chooser(counts, total) {
      var bar = make("div", "search-kinds");
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", "Show only one kind of result");
      [[["", "All"], total]].concat(counts).forEach(function (pair) {
        var button = make("button", "", pair[0][1] + " " + pair[1]);
        button.type = "button";
        button.setAttribute("aria-pressed", String(pair[0][0] === chosen));
        button.addEventListener("click", function () {
          chosen = pair[0][0];
          run();
          var same = box.querySelector(".search-kinds [aria-pressed='true']");
          if (same) { same.focus(); }
        });
        bar.append(button);
      });
      return bar;
    }

    /* The address always leads back to what is shown. */
    function keep() {
      var typed = field.value.trim(), url = new URL(window.location.href);
      if (typed) { url.searchParams.set("q", typed); } else { url.searchParams.delete("q"); }
      try { window.history.replaceState(null, "", url.href); } catch (error) { /* Some browsers forbid it on a disk. */ }
    }

    field.addEventListener("input", function () {
      run();
      clearTimeout(timer);
      timer = setTimeout(keep, PAUSE);
    });
    field.addEventListener("keydown", function (event) {
      var first = event.key === "ArrowDown" && box.querySelector(".search-list a, .search-suggestion");
      if (first) { event.preventDefault(); first.focus(); }
    });
    /* Whoever leaves before the pause is over comes back to the same results. */
    field.addEventListener("change", keep);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      run();
      keep();
    });
    field.value = new URLSearchParams(window.location.search).get("q") || field.value;
    run();
    /* Ready before the first key is pressed. */
    setTimeout(ready, PAUSE);
  }

  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
}());
