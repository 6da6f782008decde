'use strict';
// The page of one quiz: photos in, questions as they arrive, answers, result. The
// session's id stands in the address, so that a reload goes on where it was.
(() => {
  const $ = id => document.getElementById(id);
  const t = word => document.documentElement.getAttribute('data-t-' + word.toLowerCase()) || word;
  const api = path => '/api/v1/' + path;
  let files = [], source = null, session = '';

  // el makes an element; texts are set as text, never as markup.
  function el(name, attrs = {}, ...children) {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attrs)) {
      if (v === true) e.setAttribute(k, ''); else if (v !== false && v != null) e.setAttribute(k, v);
    }
    e.append(...children.filter(c => c != null));
    return e;
  }
  const show = (id, on) => { $(id).hidden = !on; };

  function fail(text) {
    $('why').textContent = text;
    show('problem', true); show('status', false); show('again', true);
    $('start').disabled = false;
  }

  async function problemOf(response) {
    try { const p = await response.json(); return p.detail || p.title; } catch { return response.statusText; }
  }

  // ---- choosing pages
  function draw() {
    $('thumbs').replaceChildren(...files.map((f, i) => {
      const picture = f.type.startsWith('image/') && !/hei[cf]/i.test(f.type + f.name)
        ? el('img', { src: f.url || (f.url = URL.createObjectURL(f)), alt: f.name })
        : el('span', { class: 'name' }, f.name);
      const remove = el('button', { type: 'button', 'aria-label': t('remove') + ' ' + f.name }, '×');
      remove.onclick = () => { URL.revokeObjectURL(f.url); files.splice(i, 1); draw(); };
      return el('li', {}, picture, remove);
    }));
  }
  function add(list) { files = files.concat([...list]).slice(0, 20); draw(); }
  $('files').onchange = e => { add(e.target.files); e.target.value = ''; };
  for (const kind of ['dragenter', 'dragover']) $('drop').addEventListener(kind, e => { e.preventDefault(); $('drop').classList.add('over'); });
  for (const kind of ['dragleave', 'drop']) $('drop').addEventListener(kind, e => { e.preventDefault(); $('drop').classList.remove('over'); });
  $('drop').addEventListener('drop', e => add(e.dataTransfer.files));

  // ---- sending
  const me = () => fetch(api('credits'));
  async function identify() {
    if ((await me()).status === 401) await fetch(api('device/issue'), { method: 'POST' });
  }
  function send(form) {
    return new Promise((done, broken) => {
      const x = new XMLHttpRequest();
      x.open('POST', api('quiz/create'));
      x.upload.onprogress = e => { if (e.lengthComputable) progress(t('uploading'), 100 * e.loaded / e.total); };
      x.onload = () => { try { done([x.status, JSON.parse(x.responseText)]); } catch { broken(new Error(x.statusText)); } };
      x.onerror = () => broken(new Error(t('lost')));
      x.send(form);
    });
  }
  function progress(text, percent) { $('doing').textContent = text; $('bar').value = percent; show('status', true); }

  $('intake').onsubmit = async e => {
    e.preventDefault();
    const text = $('text').value.trim();
    if (!files.length && !text) { fail(t('nothing')); return; }
    show('problem', false); show('again', false);
    $('start').disabled = true;
    const form = new FormData();
    form.append('questions', $('count').value);
    for (const f of files) form.append('pages', f, f.name);
    if (text) form.append('pages', new Blob([text], { type: 'text/plain' }), 'page.txt');
    progress(t('uploading'), 0);
    try {
      await identify();
      const [status, body] = await send(form);
      if (status !== 202) { fail(body.detail); return; }
      location.hash = body.sessionId;
    } catch (err) { fail(err.message); }
  };

  // ---- watching
  function watch(id) {
    session = id;
    show('intake', false); show('problem', false); show('again', true);
    progress(t('waiting'), 0);
    const seen = new Set();
    source = new EventSource(api('quiz/' + id + '/events'));
    const on = (kind, f) => source.addEventListener(kind, e => {
      if (e.lastEventId && (kind === 'page' || kind === 'lesson' || kind === 'question')) {
        if (seen.has(e.lastEventId)) return;
        seen.add(e.lastEventId);
      }
      f(JSON.parse(e.data));
    });
    on('progress', p => progress(
      p.pages < p.pagesTotal ? `${t('reading')} ${p.pages}/${p.pagesTotal}` : `${t('asking')} ${p.questions}/${p.questionsTotal}`, p.percent));
    on('lesson', l => {
      $('lesson').dir = 'auto';
      $('lesson').querySelector('h2').textContent = l.title;
      $('lesson').querySelector('p').textContent = l.summary;
      show('lesson', true);
    });
    on('question', q => { show('quiz', true); $('questions').append(card(q)); });
    on('failed', f => { source.close(); fail(f.detail); });
    on('done', async () => {
      source.close();
      show('status', false); show('check', true);
      const r = await fetch(api('quiz/' + id + '/result'));
      if (r.ok) result(await r.json());
    });
    source.onerror = async () => {
      if (source.readyState !== EventSource.CLOSED) { $('doing').textContent = t('lost'); return; }
      const r = await fetch(api('quiz/' + id)); // refused: say why
      if (!r.ok) fail(await problemOf(r));
    };
  }

  // ---- questions
  function choice(name, value, label) {
    return el('label', { class: 'choice' }, el('input', { type: 'radio', name, value }), el('span', { dir: 'auto' }, label));
  }
  function card(q) {
    const name = 'q-' + q.id;
    const set = el('fieldset', {}, el('legend', { dir: 'auto' }, q.question));
    if (q.type === 'multiple_choice') q.options.forEach((o, i) => set.append(choice(name, 'ABCD'[i], o)));
    if (q.type === 'true_false') set.append(choice(name, 'true', t('true')), choice(name, 'false', t('false')));
    if (q.type === 'fill_blank') set.append(el('input', { type: 'text', name, dir: 'auto', 'aria-label': t('yourAnswer'), autocomplete: 'off' }));
    if (q.type === 'matching') for (const left of q.left) {
      const options = ['', ...q.right].map(r => el('option', { value: r }, r || t('pick')));
      set.append(el('div', { class: 'match' }, el('span', { dir: 'auto' }, left), el('select', { 'data-left': left, 'aria-label': left }, ...options)));
    }
    if (q.hint) set.append(el('p', { class: 'hint', dir: 'auto' }, t('hint') + ': ' + q.hint));
    if (q.source === 'offline') set.append(el('p', { class: 'hint' }, t('offline')));
    return el('li', { id: 'card-' + q.id, 'data-id': q.id, 'data-type': q.type, dir: 'auto' }, set);
  }
  function answerOf(li) {
    const checked = li.querySelector('input[type=radio]:checked');
    switch (li.dataset.type) {
      case 'multiple_choice': return checked ? checked.value : null;
      case 'true_false': return checked ? checked.value === 'true' : null;
      case 'fill_blank': return li.querySelector('input').value.trim() || null;
    }
    const pairs = {};
    for (const s of li.querySelectorAll('select')) if (s.value) pairs[s.dataset.left] = s.value;
    return Object.keys(pairs).length ? pairs : null;
  }

  $('quiz').onsubmit = async e => {
    e.preventDefault();
    const answers = {};
    for (const li of $('questions').children) { const a = answerOf(li); if (a !== null) answers[li.dataset.id] = a; }
    $('check').disabled = true;
    const r = await fetch(api('quiz/' + session + '/submit'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ answers }) });
    $('check').disabled = false;
    if (!r.ok) { fail(await problemOf(r)); return; }
    result(await r.json());
  };

  function spoken(li, a) {
    if (a === null || a === undefined) return '';
    if (typeof a === 'boolean') return t(String(a));
    if (typeof a === 'object') return Object.entries(a).map(([l, r]) => l + ' = ' + r).join('; ');
    if (li.dataset.type === 'multiple_choice') {
      const i = 'ABCD'.indexOf(a), labels = li.querySelectorAll('.choice span');
      return labels[i] ? labels[i].textContent : a;
    }
    return a;
  }
  function result(r) {
    for (const g of r.results) {
      const li = $('card-' + g.id);
      if (!li) continue;
      for (const input of li.querySelectorAll('input, select')) input.disabled = true;
      const box = el('div', { class: 'verdict', dir: 'auto' },
        el('strong', { class: g.right ? 'right' : 'wrong' }, g.right ? t('right') : t('wrong')),
        g.right ? null : el('p', { dir: 'auto' }, t('rightAnswer') + ': ' + spoken(li, g.correct)),
        el('p', { dir: 'auto' }, g.explanation),
        el('blockquote', { dir: 'auto' }, g.evidence.text, el('cite', {}, t('evidence') + ' ' + g.evidence.page)));
      li.append(box);
    }
    show('check', false); show('score', true);
    $('score').textContent = `${t('score')}: ${r.score} / ${r.total}`;
    $('score').focus();
  }

  // ---- the address
  $('again').onclick = () => { if (source) source.close(); location.hash = ''; location.reload(); };
  function go() { const id = location.hash.slice(1); if (/^[\w-]{8,64}$/.test(id)) watch(id); }
  window.addEventListener('hashchange', () => { if (!session) go(); });
  go();
})();
