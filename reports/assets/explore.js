// The script of the Explore page: DuckDB in a worker, the release's marts in its memory, no request.
"use strict";

const TILLHOUSE_PARTS = {}; // filled by the scripts that follow: api, worker, wasm, database

(() => {
  const SHOWN = 1000;
  const find = (name) => document.querySelector(`[data-${name}]`);

  const inflated = async (base64) => {
    const packed = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  /** Runs in the worker, before DuckDB's code: whatever that fetches are the bytes that the page sends first. */
  const beforeWorker = () => {
    let arrived;
    const bytes = new Promise((resolve) => { arrived = resolve; });
    self.addEventListener("message", (event) => {
      event.stopImmediatePropagation();
      arrived(event.data);
    }, { once: true });
    self.console.log = self.console.error = () => {}; // what goes wrong is told to the page, which shows it
    self.fetch = async () => new Response(await bytes, { headers: { "Content-Type": "application/wasm" } });
  };

  const start = async () => {
    const { api, worker: code, wasm, database } = TILLHOUSE_PARTS;
    const address = URL.createObjectURL(new Blob([`(${beforeWorker})();\n`, code], { type: "text/javascript" }));
    const worker = new Worker(address);
    const [program, marts] = await Promise.all([inflated(wasm), inflated(database)]);
    worker.postMessage(program.buffer, [program.buffer]);
    const db = new api.AsyncDuckDB(new api.VoidLogger(), worker);
    await db.instantiate("https://duckdb.invalid/duckdb.wasm"); // never asked for: see beforeWorker
    URL.revokeObjectURL(address);
    await db.registerFileBuffer("release.duckdb", marts);
    const connection = await db.connect();
    await connection.query("attach 'release.duckdb' as release (read_only)");
    await connection.query("use release");
    for (const [name, value] of [
      ["autoinstall_known_extensions", false], ["autoload_known_extensions", false],
      ["enable_external_access", false], ["lock_configuration", true],
    ]) await connection.query(`set ${name} = ${value}`);
    return connection;
  };

  /** Rows of a query as arrays of texts, as DuckDB writes them: exact, also where JavaScript has no such number. */
  const texts = async (connection, sql) => {
    const table = await connection.query(sql);
    const columns = table.schema.fields.map((_, index) => table.getChildAt(index));
    return Array.from({ length: table.numRows }, (_, row) => columns.map((column) => column.get(row)));
  };

  /** Ask a question; its answer stays in the database as `answer` until the next one. */
  const ask = async (connection, sql) => {
    const question = sql.trim().replace(/;\s*$/, "");
    await connection.query(`create or replace temp table temp.main.answer as from (\n${question}\n)`);
    const columns = await texts(connection, "select column_name, column_type from (describe temp.main.answer)");
    const [[count]] = await texts(connection, "select count(*)::varchar from temp.main.answer");
    return { columns, count: Number(count), rows: (most) => texts(connection, `select columns(*)::varchar from temp.main.answer limit ${most}`) };
  };

  const isNumber = (type) => /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|DOUBLE|FLOAT)/.test(type);

  const show = (columns, rows) => {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const [name, type] of columns) {
      const cell = head.appendChild(document.createElement("th"));
      cell.scope = "col";
      cell.textContent = name;
      cell.title = type.toLowerCase();
      if (isNumber(type)) cell.className = "number";
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((value, index) => {
        const cell = line.insertCell();
        cell.textContent = value ?? "–";
        if (isNumber(columns[index][1])) cell.className = "number";
      });
    }
    find("answer").replaceChildren(table);
  };

  // The first cells may be wide texts: only numbers may be what looks like a formula.
  const csvCell = (value, type) => {
    if (value === null) return "";
    const text = !isNumber(type) && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  const save = async (answer) => {
    const rows = await answer.rows(answer.count);
    const lines = [
      answer.columns.map(([name]) => csvCell(name, "VARCHAR")),
      ...rows.map((row) => row.map((value, index) => csvCell(value, answer.columns[index][1]))),
    ];
    const link = document.createElement("a");
    const text = lines.map((line) => `${line.join(",")}\r\n`).join("");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    link.download = "answer.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  addEventListener("DOMContentLoaded", async () => {
    const [field, status, error, answered] = ["sql", "status", "error", "answer"].map(find);
    const [button, saving] = ["ask", "save"].map(find);
    let connection;
    let answer = null;
    const say = (text, problem = "") => {
      status.textContent = text;
      error.textContent = problem;
      error.hidden = !problem;
    };
    const run = async () => {
      if (button.disabled) return;
      button.disabled = saving.disabled = true;
      const began = performance.now();
      try {
        answer = await ask(connection, field.value);
        show(answer.columns, await answer.rows(SHOWN));
        const took = ((performance.now() - began) / 1000).toFixed(2);
        const cut = answer.count > SHOWN ? `The first ${SHOWN} of ${answer.count} rows; the download has all.` : `Rows: ${answer.count}.`;
        say(`${cut} ${took} seconds.`);
        answered.hidden = saving.disabled = false;
      } catch (problem) {
        answer = null;
        answered.hidden = true;
        answered.replaceChildren();
        say("This question has no answer yet.", problem.message);
      }
      button.disabled = false;
    };
    button.addEventListener("click", run);
    saving.addEventListener("click", () => save(answer));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
    });
    for (const one of document.querySelectorAll("[data-question]")) {
      one.addEventListener("click", () => { field.value = one.dataset.question; field.focus(); run(); });
    }
    try {
      connection = await start();
      button.disabled = false;
      say("Ready.");
      document.documentElement.dataset.explore = "ready";
    } catch (problem) {
      say("The database cannot start in this browser.", problem.message);
      document.documentElement.dataset.explore = "failed";
    }
  });
})();
