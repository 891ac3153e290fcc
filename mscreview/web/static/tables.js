/* Tables of the exhibits: sorted, searched, filtered, copied and saved by the reader; on a phone a row becomes a card.
   The table itself is whole without this. It is equipped when it comes near the screen, so that a page with many stays quick. */
(function () {
  "use strict";
  /* Rows from which a table is given tools, and filters; values a filter may offer; cards shown at once on a phone. */
  var FEW = 5, MANY = 10, CHOICES = 12, PAGE = 20;
  /* Characters of a usual value, beyond which a filter is no list to choose from. */
  var SHORT = 30;
  var NUMBER = /[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?/gi;
  var NUMBERS = /^[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?%?(?:(?:[;|]|, )[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?%?)*$/i;
  var LEADS = /^[(<>≤≥≈~=\s]*[-−+]?\d/;
  var phone = window.matchMedia("(max-width: 620px)");
  var words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  var equipped = new Map();

  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) { element.textContent = text; }
    return element;
  }

  function plain(text) { return text.replace(/\s+/g, " ").trim(); }

  function capital(text) { return text.charAt(0).toUpperCase() + text.slice(1); }

  /* Letters without accents, one kind of dash, lower case. */
  function fold(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[−–—]/g, "-").toLowerCase();
  }

  /* What a cell says, without marks about it and without the words that open it. */
  function said(cell) {
    if (cell.querySelector(".disputed, .mend, summary")) {
      cell = cell.cloneNode(true);
      cell.querySelectorAll(".disputed, .mend, summary").forEach(function (part) { part.remove(); });
    }
    return plain(cell.textContent);
  }

  function isBlank(cell) { return /^[-–—]?$/.test(cell.textContent.trim()) || cell.firstElementChild && cell.firstElementChild.className === "blank"; }

  /* Every number in a text; a dash between two figures joins a range or a date and is no minus sign. */
  function numbers(text) {
    return (text.replace(/(\d)[-–−](?=\d)/g, "$1 ").match(NUMBER) || []).map(function (found) {
      return Number(found.replace("−", "-").replace(/,/g, ""));
    });
  }

  /* How a column is ordered: by its numbers if nearly all of its cells begin with one, else by words; blanks last, both ways. */
  function order(rows, column, down) {
    var keys = rows.map(function (row, place) {
      var cell = row.cells[column], text = said(cell);
      return { row: row, place: place, blank: isBlank(cell), text: text, leads: LEADS.test(text), numbers: numbers(text) };
    });
    var filled = keys.filter(function (key) { return !key.blank; });
    var numeric = filled.filter(function (key) { return key.leads; }).length >= 0.8 * filled.length;
    function compare(a, b) {
      if (!numeric || (!a.leads && !b.leads)) { return words.compare(a.text, b.text); }
      if (a.leads !== b.leads) { return a.leads ? -1 : 1; }
      for (var i = 0; i < Math.min(a.numbers.length, b.numbers.length); i += 1) {
        if (a.numbers[i] !== b.numbers[i]) { return a.numbers[i] - b.numbers[i]; }
      }
      return a.numbers.length - b.numbers.length;
    }
    keys.sort(function (a, b) {
      if (a.blank || b.blank) { return a.blank - b.blank || a.place - b.place; }
      return (down ? -1 : 1) * compare(a, b) || a.place - b.place;
    });
    return keys.map(function (key) { return key.row; });
  }

  /* Columns worth a filter: few short values that are words. The more evenly they divide the rows, the more a filter helps. */
  function worthFiltering(heads, rows, limit) {
    var found = [];
    heads.forEach(function (head, column) {
      var counts = new Map(), length = 0, figures = 0;
      for (var i = 0; i < rows.length && counts.size <= CHOICES; i += 1) {
        var text = said(rows[i].cells[column]);
        if (LEADS.test(text)) { figures += 1; }
        counts.set(text, (counts.get(text) || 0) + 1);
      }
      counts.forEach(function (count, text) { length += text.length / counts.size; });
      if (counts.size < 2 || counts.size > Math.min(CHOICES, rows.length / 2) || counts.has("") || length > SHORT) { return; }
      if (figures > rows.length / 2 && !/^(phase|year)/i.test(head) || /^source rows$| printed$/i.test(head)) { return; }
      var spread = 0;
      counts.forEach(function (count) { spread -= count / rows.length * Math.log2(count / rows.length); });
      found.push({ column: column, spread: spread, values: Array.from(counts.keys()).sort(words.compare) });
    });
    return found.sort(function (a, b) { return b.spread - a.spread; }).slice(0, limit)
      .sort(function (a, b) { return a.column - b.column; });
  }

  function copy(text, done) {
    function byHand() {
      var area = make("textarea", { "class": "for-screen-reader", "aria-hidden": "true" });
      var focused = document.activeElement;
      area.value = text;
      document.body.append(area);
      area.select();
      var copied = document.execCommand("copy");
      area.remove();
      focused.focus();
      done(copied);
    }
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(function () { done(true); }, byHand);
    } else { byHand(); }
  }

  /* A cell that a spreadsheet would run as a formula gets an apostrophe before it; numbers and lists of numbers keep their sign. */
  function safe(text) {
    if (/^'*[=+\-@\t\r\n＝＋－＠]/.test(text) && !NUMBERS.test(text)) { text = "'" + text; }
    return /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function save(text, name) {
    /* The mark at the front tells a spreadsheet that the letters are UTF-8. */
    var address = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" }));
    var link = make("a", { "href": address, "download": name });
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(address); }, 10000);
  }

  /* Gives one table its tools; what other parts need of it is returned. */
  function equip(region) {
    var table = region.querySelector("table");
    if (equipped.has(table)) { return equipped.get(table); }
    var headCells = Array.from(table.tHead.rows[0].cells);
    var heads = headCells.map(function (cell) { return plain(cell.textContent); });
    var printed = Array.from(table.tBodies[0].rows), rows = printed;
    var exhibit = region.closest(".exhibit"), pair = exhibit.closest(".switched");
    var id = exhibit.id || (pair ? pair.id : "table");
    var sorted = { column: -1, down: false }, filters = [], buttons = [], limit = PAGE, arrived = null, timer = 0;
    var search, sorter, count, clear, more, tools;

    /* What `display: block` takes from a table on a phone is said again, and each cell is given the word of its column. */
    function dress(row) {
      row.setAttribute("role", "row");
      Array.from(row.cells).forEach(function (cell, i) {
        cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
        cell.dataset.label = capital(heads[i]);
      });
    }

    function cards() {
      var shown = rows.filter(function (row) { return !row.hidden; });
      if (!region.classList.contains("cards")) {
        region.classList.add("cards");
        table.setAttribute("role", "table");
        table.setAttribute("aria-label", plain(table.caption.textContent));
        [table.tHead, table.tBodies[0]].forEach(function (part) { part.setAttribute("role", "rowgroup"); });
        table.tHead.rows[0].setAttribute("role", "row");
        headCells.forEach(function (cell) { cell.setAttribute("role", "columnheader"); });
      }
      shown.forEach(function (row, i) {
        var later = i >= limit && row !== arrived;
        row.classList.toggle("later", later);
        if (!later && !row.hasAttribute("role")) { dress(row); }
      });
      if (more) {
        more.hidden = shown.length <= limit;
        more.textContent = "Show " + Math.min(PAGE, shown.length - limit) + " more rows";
      }
    }

    function tell() {
      var shown = rows.filter(function (row) { return !row.hidden; }).length;
      count.textContent = shown + " of " + rows.length + " rows";
    }

    function apply() {
      var terms = fold(search.value).split(/\s+/).filter(Boolean);
      var active = filters.filter(function (filter) { return filter.select.value; });
      rows.forEach(function (row) {
        var cells = Array.from(row.cells);
        var text = terms.length ? fold(cells.map(function (cell) { return cell.textContent; }).join("\n")) : "";
        row.hidden = !terms.every(function (term) { return text.indexOf(term) >= 0; }) ||
          !active.every(function (filter) { return said(cells[filter.column]) === filter.select.value; });
      });
      filters.forEach(function (filter) { filter.select.classList.toggle("in-use", Boolean(filter.select.value)); });
      tools.classList.toggle("in-use", Boolean(terms.length || active.length));
      clear.hidden = !terms.length && !active.length;
      limit = PAGE;
      tell();
      if (phone.matches) { cards(); }
    }

    function empty() {
      search.value = "";
      filters.forEach(function (filter) { filter.select.value = ""; });
      apply();
    }

    function sort(column, down) {
      sorted = { column: column, down: down };
      rows = column < 0 ? printed : order(printed, column, down);
      table.tBodies[0].append.apply(table.tBodies[0], rows);
      headCells.forEach(function (cell, i) {
        if (i === column) { cell.setAttribute("aria-sort", down ? "descending" : "ascending"); } else { cell.removeAttribute("aria-sort"); }
      });
      sorter.value = column < 0 ? "" : column + (down ? "-" : "+");
      if (phone.matches) { cards(); }
    }

    /* Words at the top and the rows shown, as they stand. */
    function lines() {
      return [heads].concat(rows.filter(function (row) { return !row.hidden; }).map(function (row) { return Array.from(row.cells).map(said); }));
    }

    function say(text) {
      count.textContent = text;
      window.clearTimeout(timer);
      timer = window.setTimeout(tell, 4000);
    }

    function headButton(head, i) {
      var button = make("button", { "type": "button" }, head);
      button.addEventListener("click", function () {
        if (sorted.column !== i) { sort(i, false); } else if (!sorted.down) { sort(i, true); } else { sort(-1, false); }
      });
      return button;
    }

    /* On a phone the headers are there for a screen reader only, and one cannot press what one cannot see. */
    function suit() {
      if (buttons.length) { headCells.forEach(function (cell, i) { cell.replaceChildren(phone.matches ? heads[i] : buttons[i]); }); }
      if (phone.matches) { cards(); }
    }

    function build() {
      var number = exhibit.querySelector(".exhibit-number");
      var name = (region.closest(".exhibit-data") ? "the data of " : "") + (number ? plain(number.textContent).replace(/\.$/, "") : "the table");
      tools = make("div", { "class": "table-tools", "role": "group", "aria-label": "Tools of " + name });
      search = make("input", { "type": "search", "autocomplete": "off", "spellcheck": "false" });
      search.addEventListener("input", function () {
        window.clearTimeout(timer);
        timer = window.setTimeout(apply, 120);
      });
      var searchLabel = make("label", { "class": "tools-search" }, "Search");
      searchLabel.append(search);
      tools.append(searchLabel);
      if (rows.length >= MANY) {
        filters = worthFiltering(heads, rows, heads.length < 8 ? 2 : 4);
        filters.forEach(function (filter) {
          var head = capital(heads[filter.column]);
          filter.select = make("select", { "aria-label": head });
          filter.select.append(new Option(head + ": all", ""));
          filter.values.forEach(function (value) { filter.select.append(new Option(head + ": " + value, value)); });
          filter.select.addEventListener("change", apply);
          tools.append(filter.select);
        });
      }
      /* On a phone there is no row of headers to press. */
      sorter = make("select", { "aria-label": "Sort", "class": "tools-sort" });
      sorter.append(new Option("Sort: as printed", ""));
      heads.forEach(function (head, i) {
        sorter.append(new Option("Sort: " + head + " ↑", i + "+"), new Option("Sort: " + head + " ↓", i + "-"));
      });
      sorter.addEventListener("change", function () {
        if (sorter.value) { sort(parseInt(sorter.value, 10), sorter.value.slice(-1) === "-"); } else { sort(-1, false); }
      });
      clear = make("button", { "type": "button", "hidden": "" }, "Clear");
      clear.addEventListener("click", function () { empty(); search.focus(); });
      count = make("output", { "class": "tools-count" });
      var copier = make("button", { "type": "button" }, "Copy");
      copier.append(make("span", { "class": "for-screen-reader" }, " the rows shown"));
      copier.addEventListener("click", function () {
        var all = lines();
        copy(all.map(function (line) { return line.join("\t"); }).join("\n"), function (copied) {
          say(copied ? all.length - 1 + (all.length === 2 ? " row copied" : " rows copied") : "The browser does not allow copying");
        });
      });
      var saver = make("button", { "type": "button" }, "Save");
      saver.append(make("span", { "class": "for-screen-reader" }, " the rows shown as CSV"));
      saver.addEventListener("click", function () {
        var all = lines();
        save(all.map(function (line) { return line.map(safe).join(","); }).join("\r\n") + "\r\n", id + "-rows.csv");
        say(all.length - 1 + (all.length === 2 ? " row saved" : " rows saved"));
      });
      var take = make("span", { "class": "tools-take" });
      take.append(copier, saver);
      var file = exhibit.querySelector('.exhibit-files a[href$="/' + id + '.csv"]');
      if (file) { take.append(make("a", { "href": file.getAttribute("href"), "download": "" }, "All as CSV")); }
      tools.append(sorter, clear, count, take);
      more = make("button", { "type": "button", "class": "table-more", "hidden": "" });
      more.addEventListener("click", function () {
        var from = limit;
        limit += PAGE;
        cards();
        var next = rows.filter(function (row) { return !row.hidden; })[from];
        next.tabIndex = -1;
        next.focus({ preventScroll: true });
      });
      buttons = heads.map(headButton);
      region.before(tools);
      region.after(more);
      tell();
    }

    if (rows.length >= FEW) { build(); }
    suit();
    phone.addEventListener("change", suit);
    equipped.set(table, {
      arrive: function (row) {
        arrived = row;
        if (row.hidden) { empty(); }
        if (phone.matches) { cards(); }
      },
    });
    return equipped.get(table);
  }

  /* A row that a link leads to is there whatever was searched before. */
  function arrive() {
    var target = document.getElementById(location.hash.slice(1));
    var region = target && target.matches("tr") && target.closest(".exhibit .table-scroll");
    if (!region) { return; }
    equip(region).arrive(target);
    target.scrollIntoView({ block: "center", behavior: "instant" });
  }

  /* One table a task, so that no press or key waits for all of them. */
  function watch() {
    var regions = document.querySelectorAll(".exhibit .table-scroll");
    var near = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) { return; }
        near.unobserve(entry.target);
        window.setTimeout(equip, 0, entry.target);
      });
    }, { rootMargin: "600px 0px" });
    /* A wide table takes the room of the page's contents, which fold up as long as it is there. */
    var contents = document.querySelector(".bd-sidebar-secondary"), above = new Set();
    var under = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        var beside = contents.getBoundingClientRect();
        if (entry.isIntersecting && beside.width && entry.boundingClientRect.right > beside.left) { above.add(entry.target); } else { above.delete(entry.target); }
      });
      contents.classList.toggle("hide", above.size > 0);
    }, { rootMargin: "0px 0px -33% 0px" });
    /* A table in view at once is equipped before the page is painted, so that nothing jumps. */
    var first = document.querySelector(".exhibit-table > .table-scroll");
    if (first && first.getBoundingClientRect().top < window.innerHeight) { equip(first); }
    regions.forEach(function (region) {
      near.observe(region);
      if (contents) { under.observe(region); }
    });
  }

  watch();
  arrive();
  window.addEventListener("load", arrive);
  window.addEventListener("hashchange", arrive);
  /* The address does not change when a link leads where the reader is already. */
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (link && link.hash && link.href === location.href) { arrive(); }
  });
}());
