/* Lets a reader explore a figure: on the press of a button, and only then, a live Vega chart takes the place of the still one.
   Both scripts it needs are plain files of this site, so it works from a disk too; where they fail the still chart stays. */
(function () {
  "use strict";
  var root = document.documentElement.dataset.content_root || "./";
  var small = window.matchMedia("(max-width: 620px)");
  var WAIT = 30000; /* milliseconds for a script to arrive */
  var LEAVE = 200; /* milliseconds to get from a mark into its card */
  var LINE = 8; /* marks whose middles are nearer than this stand in one row */
  var REACH = 24; /* how far from a mark a finger may land */
  var parts = {};
  var engine = null;

  /* Addresses in a specification start at the root of the site, which is elsewhere for the landing page's two places. */
  window.mscreviewChart = function (id, found) {
    var rows = {};
    Object.keys(found.rows).forEach(function (address) { rows[root + address] = found.rows[address]; });
    parts[id] = {
      rows: rows,
      /* A copy each time: Vega writes into what it draws. */
      spec: function (size) {
        return JSON.parse(JSON.stringify(found[size]), function (key, value) {
          return typeof value === "string" && Object.hasOwn(found.rows, value) ? root + value : value;
        });
      }
    };
  };

  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) { element.textContent = text; }
    return element;
  }

  function load(path, found) {
    return new Promise(function (done, fail) {
      var script = make("script", { src: root + path });
      var timer = window.setTimeout(stop, WAIT);
      function stop() {
        window.clearTimeout(timer);
        script.remove();
        fail(new Error(path));
      }
      script.onerror = stop;
      script.onload = function () {
        window.clearTimeout(timer);
        if (found()) { done(found()); } else { stop(); }
      };
      document.head.append(script);
    });
  }

  function vega() {
    if (!engine) {
      engine = load("_static/vega.js", function () { return window.mscreviewVega; });
      engine.catch(function () { engine = null; });
    }
    return engine;
  }

  function specification(id) {
    return parts[id] ? Promise.resolve(parts[id]) : load("exhibits/" + id + ".js", function () { return parts[id]; });
  }

  /* One spelling for searching: no case, no accents, one kind of blank and of minus. */
  function fold(text) {
    return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[\u2010-\u2015\u2212]/g, "-").replace(/\s+/g, " ").toLowerCase();
  }

  /* What a chart says of a mark: its tooltip, one text or several named values. */
  function words(tooltip) {
    if (tooltip === null || tooltip === undefined) { return ""; }
    if (typeof tooltip !== "object") { return String(tooltip); }
    return Object.keys(tooltip).map(function (name) { return name + ": " + tooltip[name]; }).join("\n");
  }

  /* Box of a mark in the coordinates of the drawing, known even while it is hidden. */
  function box(item) {
    var x = 0;
    var y = 0;
    for (var group = item.mark.group; group; group = group.mark && group.mark.group) {
      x += group.x || 0;
      y += group.y || 0;
    }
    return { left: item.bounds.x1 + x, right: item.bounds.x2 + x, top: item.bounds.y1 + y, bottom: item.bounds.y2 + y };
  }

  function middle(at) {
    return { x: (at.left + at.right) / 2, y: (at.top + at.bottom) / 2 };
  }

  function apart(at, x, y) {
    return Math.hypot(Math.max(at.left - x, 0, x - at.right), Math.max(at.top - y, 0, y - at.bottom));
  }

  /* The marks of a drawing in reading order. Elements that say the same of the same row are one mark. */
  function gather(svg, rows) {
    var marks = [];
    var known = {};
    var later = [];
    svg.querySelectorAll("*").forEach(function (element) {
      var item = element.__data__; /* how Vega ties an element to what it draws */
      if (!item || !item.mark || !item.bounds) { return; }
      var says = words(item.tooltip);
      if (element.closest("[aria-hidden=true]") || !(says || item.href)) {
        if (item.href) { later.push([element, item]); }
        return;
      }
      var key = item.href + "|" + says;
      if (!known[key]) {
        var row = rows[item.href] || ["", "", ""];
        var lines = [says, says.indexOf(row[0]) < 0 ? "Study: " + row[0].replace(/^study /, "") : "", row[1]];
        known[key] = { elements: [], href: item.href, box: box(item), lines: lines.filter(Boolean), row: row[2] };
        marks.push(known[key]);
      }
      known[key].elements.push(element);
    });
    /* Words within a mark belong to it. */
    later.forEach(function (pair) {
      var at = middle(box(pair[1]));
      var near = marks.filter(function (mark) { return mark.href === pair[1].href && apart(mark.box, at.x, at.y) === 0; })[0];
      if (near) { near.elements.push(pair[0]); }
    });
    return inOrder(marks);
  }

  function inOrder(marks) {
    marks.forEach(function (mark) {
      mark.at = middle(mark.box);
      mark.text = fold(mark.lines.join(" ") + " " + mark.row);
    });
    marks.sort(function (a, b) { return a.at.y - b.at.y; });
    var line = 0;
    marks.forEach(function (mark, i) {
      if (i && mark.at.y - marks[i - 1].at.y > LINE) { line += 1; }
      mark.line = line;
    });
    return marks.sort(function (a, b) { return a.line - b.line || a.at.x - b.at.x; });
  }

  /* A card about one mark at a time, by mouse, keyboard and touch. */
  function Card(host) {
    var ring = make("div", { "class": "chart-ring" });
    var card = make("div", { "class": "chart-card", role: "group", "aria-label": "About this mark" });
    var timer = 0;
    var self = { mark: null, show: show, hide: hide, leave: leave, holds: function (element) { return card.contains(element); } };

    function hide() {
      window.clearTimeout(timer);
      self.mark = null;
      ring.remove();
      card.remove();
    }

    function leave() {
      window.clearTimeout(timer);
      timer = window.setTimeout(hide, LEAVE);
    }

    function show(mark, focused) {
      window.clearTimeout(timer);
      if (self.mark === mark) { return; }
      self.mark = mark;
      card.textContent = "";
      mark.lines.forEach(function (line) { card.append(make("p", {}, line)); });
      if (mark.row) {
        var last = make("p");
        last.append(make("a", { href: mark.href, tabindex: "-1" }, "Open row " + mark.row));
        card.append(last);
      }
      host.append(ring, card);
      var frame = host.getBoundingClientRect();
      var at = mark.elements[0].getBoundingClientRect();
      var wide = Math.max(at.width + 8, 24);
      var high = Math.max(at.height + 8, 24);
      ring.style.left = (at.left + at.right - wide) / 2 - frame.left + "px";
      ring.style.top = (at.top + at.bottom - high) / 2 - frame.top + "px";
      ring.style.width = wide + "px";
      ring.style.height = high + "px";
      var room = document.documentElement;
      var left = Math.max(8, Math.min((at.left + at.right - card.offsetWidth) / 2, room.clientWidth - card.offsetWidth - 8));
      /* Below the mark, or above it where the window ends; a keyboard's card rather scrolls than hides what stands above the chart. */
      var reach = card.offsetHeight + 10;
      var below = at.bottom + reach < room.clientHeight || at.top < reach || (focused && at.top - frame.top < reach);
      card.style.left = left - frame.left + "px";
      card.style.top = (below ? at.bottom + 6 : at.top - reach + 4) - frame.top + "px";
      if (focused) { card.scrollIntoView({ block: "nearest" }); }
    }

    card.addEventListener("pointerenter", function () { window.clearTimeout(timer); });
    card.addEventListener("pointerleave", leave);
    return self;
  }

  /* Puts keyboard, mouse, touch and filter on a drawing; returns what the filter calls. */
  function enliven(host, svg, marks, title) {
    var card = Card(host);
    var stop = null; /* the one mark that Tab reaches */
    var pointer = ""; /* what pressed the drawing last, if no key since */

    /* Vega names the element around the drawing, which holds the card too; and it names drawings by their technique. */
    ["role", "aria-label", "aria-roledescription"].forEach(function (name) { host.removeAttribute(name); });
    svg.querySelectorAll("[aria-roledescription]").forEach(function (element) { element.removeAttribute("aria-roledescription"); });
    svg.setAttribute("role", "graphics-document");
    svg.setAttribute("aria-label", title);
    marks.forEach(function (mark) {
      mark.elements.forEach(function (element, i) {
        element.classList.add("chart-mark");
        if (i) { element.setAttribute("aria-hidden", "true"); }
      });
      var first = mark.elements[0];
      first.setAttribute("role", mark.href ? "link" : "img");
      first.setAttribute("aria-label", mark.lines.join(". "));
      first.setAttribute("tabindex", "-1");
    });

    function settle(mark) {
      if (stop) { stop.elements[0].setAttribute("tabindex", "-1"); }
      stop = mark || null;
      if (stop) { stop.elements[0].setAttribute("tabindex", "0"); }
    }

    function markOf(element) {
      return marks.filter(function (mark) { return mark.elements.indexOf(element) >= 0; })[0];
    }

    function open() {
      return marks.filter(function (mark) { return !mark.faded; });
    }

    /* Up and down lead to the nearest mark of the next row that has one. */
    function beside(mark, way) {
      var lines = open().filter(function (other) { return (other.line - mark.line) * way > 0; });
      var line = Math.min.apply(null, lines.map(function (other) { return (other.line - mark.line) * way; }));
      return lines.filter(function (other) { return (other.line - mark.line) * way === line; })
        .sort(function (a, b) { return Math.abs(a.at.x - mark.at.x) - Math.abs(b.at.x - mark.at.x); })[0];
    }

    function next(mark, key) {
      var all = open();
      var at = all.indexOf(mark);
      if (key === "ArrowRight") { return all[at + 1]; }
      if (key === "ArrowLeft") { return all[at - 1]; }
      if (key === "Home") { return all[0]; }
      if (key === "End") { return all[all.length - 1]; }
      if (key === "ArrowDown") { return beside(mark, 1); }
      return key === "ArrowUp" ? beside(mark, -1) : undefined;
    }

    /* Listening for focus would make the drawing itself a stop of the keyboard in some browsers, so the element around it listens. */
    host.addEventListener("keydown", function (event) {
      var mark = markOf(event.target);
      if (!mark || event.altKey) { return; }
      pointer = "";
      if (event.key === "Enter") {
        event.preventDefault();
        /* Vega follows the links of clicked marks. */
        event.target.dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey }));
      } else if (/^(Arrow|Home$|End$)/.test(event.key) && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        var other = next(mark, event.key);
        if (other) { other.elements[0].focus(); }
      }
    });
    host.addEventListener("focusin", function (event) {
      var mark = markOf(event.target);
      if (mark) {
        settle(mark);
        card.show(mark, !pointer);
      }
    });
    host.addEventListener("focusout", function (event) { if (!card.holds(event.relatedTarget)) { card.hide(); } });
    svg.addEventListener("pointerover", function (event) {
      var mark = event.pointerType !== "touch" && markOf(event.target);
      if (mark) { card.show(mark); } else if (event.pointerType !== "touch" && card.mark) { card.leave(); }
    });
    svg.addEventListener("pointerleave", function (event) { if (event.pointerType !== "touch" && card.mark) { card.leave(); } });
    svg.addEventListener("pointerdown", function (event) { pointer = event.pointerType; });
    /* A tap near a mark opens its card, which holds the link; a click follows it. */
    svg.addEventListener("click", function (event) {
      if (pointer !== "touch" || !event.isTrusted) { return; }
      event.preventDefault();
      event.stopPropagation();
      var near = null;
      var least = REACH;
      open().forEach(function (mark) {
        var far = apart(mark.elements[0].getBoundingClientRect(), event.clientX, event.clientY);
        if (far < least) {
          least = far;
          near = mark;
        }
      });
      near = markOf(event.target) || near;
      if (near) { card.show(near); } else { card.hide(); }
    }, true);

    settle(marks[0]);
    return {
      card: card,
      filter: function (text) {
        var terms = fold(text).split(" ").filter(Boolean);
        marks.forEach(function (mark) {
          mark.faded = !terms.every(function (term) { return mark.text.indexOf(term) >= 0; });
          mark.elements.forEach(function (element) { element.classList.toggle("chart-faded", mark.faded); });
        });
        card.hide();
        if (!stop || stop.faded) { settle(open()[0]); }
        return terms.length ? open().length + " of " + marks.length + " marks" : marks.length + " marks";
      }
    };
  }

  function prepare(figure) {
    var pair = figure.querySelector(".chart-pair");
    var still = pair && pair.querySelector(".chart-wide svg");
    if (!still) { return; }
    var id = still.id.replace(/-wide$/, "");
    var number = figure.querySelector(".exhibit-number");
    var bar = make("div", { "class": "chart-bar" });
    var button = make("button", { type: "button", "class": "chart-explore" });
    var label = make("span");
    var which = number && number.textContent.replace(/\.$/, "");
    var field = make("label", { "class": "chart-filter" }, "Show marks that mention");
    var input = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    var count = make("p", { "class": "chart-count", role: "status" });
    var live = null; /* the element, Vega's view and the filter, while there are any */
    var busy = false;

    function name(words_) {
      label.textContent = words_;
      button.replaceChildren(label);
      if (which) { button.append(make("span", { "class": "for-screen-reader" }, ", " + which)); }
    }

    function clear() {
      if (live) {
        live.works.card.hide();
        live.drawn.finalize();
        live.host.remove();
        live = null;
      }
    }

    function back(message) {
      busy = false;
      clear();
      pair.hidden = false;
      field.remove();
      count.textContent = message;
      name("Explore this chart");
    }

    function draw() {
      var host = make("div", { "class": "chart chart-live", hidden: "" });
      var size = small.matches ? "narrow" : "wide";
      return Promise.all([vega(), specification(id)]).then(function (found) {
        pair.after(host);
        return found[0].vegaEmbed(host, found[1].spec(size), {
          mode: "vega-lite", ast: true, renderer: "svg", actions: false, defaultStyle: false, hover: false, logLevel: 0, tooltip: function () {}
        }).then(function (drawn) {
          if (size !== (small.matches ? "narrow" : "wide")) { /* turned meanwhile */
            drawn.finalize();
            host.remove();
            return draw();
          }
          clear();
          busy = false;
          var svg = host.querySelector("svg");
          live = { host: host, drawn: drawn, works: enliven(host, svg, gather(svg, found[1].rows), still.getAttribute("aria-label")) };
          pair.hidden = true;
          host.hidden = false;
          button.after(field);
          name("Back to the still chart");
          count.textContent = live.works.filter(input.value);
          return undefined;
        });
      }).catch(function () {
        host.remove();
        back("The live chart could not be loaded. The still one shows the same.");
      });
    }

    button.addEventListener("click", function () {
      if (live) {
        input.value = "";
        back("");
      } else if (!busy) {
        busy = true;
        count.textContent = "Loading the live chart…";
        draw();
      }
    });
    input.addEventListener("input", function () { if (live) { count.textContent = live.works.filter(input.value); } });
    small.addEventListener("change", function () { if (live) { draw(); } });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape" && live) { live.works.card.hide(); } });
    document.addEventListener("pointerdown", function (event) { if (live && !live.host.contains(event.target)) { live.works.card.hide(); } });

    field.append(input);
    bar.append(button, count);
    name("Explore this chart");
    pair.before(bar);
  }

  document.querySelectorAll("figure.exhibit-figure").forEach(prepare);
}());
