// What the pages cannot do without a script: the zone, plots, the diagram, keys, and what to say when a line is lost.
(() => {
  'use strict'

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const known = document.cookie.split('; ').includes(`zone=${zone}`)
  if (zone && !known) {
    document.cookie = `zone=${zone};path=/;max-age=31536000;samesite=lax`
    if (zone !== 'UTC' && document.querySelector('time, .time')) location.reload()
  }

  // A colour of the palette as the theme has it: a canvas knows no custom properties.
  function colour(name) {
    const probe = document.createElement('i')
    probe.style.color = `var(${name})`
    document.body.append(probe)
    const found = getComputedStyle(probe).color
    probe.remove()
    return found
  }

  // Selects of the preferences take effect at once; without a script their button does it.
  for (const form of document.querySelectorAll('form[data-instant]')) {
    form.classList.add('instant')
    form.addEventListener('change', () => form.requestSubmit())
  }

  // The technical steps of an order's history are folded: a button shows them.
  const unfold = document.querySelector('[data-unfold]')
  if (unfold) {
    const history = unfold.nextElementSibling
    history.classList.add('folded')
    unfold.hidden = !history.querySelector('.technical')
    unfold.addEventListener('click', () => {
      history.classList.remove('folded')
      unfold.hidden = true
    })
  }

  document.querySelector('[data-print]')?.addEventListener('click', () => window.print())

  const menu = document.querySelector('[data-menu]')
  menu?.addEventListener('click', () => {
    const open = menu.getAttribute('aria-expanded') !== 'true'
    menu.setAttribute('aria-expanded', String(open))
    document.getElementById(menu.getAttribute('aria-controls')).classList.toggle('open', open)
  })

  document.addEventListener('keydown', (event) => {
    const anywhere = event.key === 'k' && (event.ctrlKey || event.metaKey)
    const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && !event.target.closest('input, textarea, select')
    if (!anywhere && !slash) return
    // The page's own search goes before the one of the menu, but for Ctrl+K.
    const field = (slash && document.querySelector('[data-key="/"]')) || document.querySelector('[data-key="k"]')
    if (field) {
      event.preventDefault()
      field.focus()
      field.select()
    }
  })

  // Plots

  const plots = new Map()
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const calendar = new Intl.DateTimeFormat(document.documentElement.lang, { day: 'numeric', month: 'short' })
  const times = (_, ticks) => ticks.map((at) => (at % 86400 && ticks[1] - ticks[0] < 86400 ? clock : calendar).format(at * 1000))
  const axis = () => ({ stroke: colour('--ink-2'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '12px "Plex Sans", sans-serif' })

  function plot(target, data, bars) {
    if (!window.uPlot || !target) return
    const old = plots.get(target)
    if (old) {
      old.setData(data)
      return
    }
    const paths = bars ? window.uPlot.paths.bars({ size: [0.7, 48] }) : undefined
    const series = [
      { label: target.dataset.received, stroke: colour('--accent'), fill: colour('--accent-tint'), width: 2, paths, points: { show: false } },
      { label: target.dataset.ended, stroke: colour(bars ? '--bad' : '--amber'), width: 2, paths, fill: bars ? colour('--bad') : undefined, points: { show: false } },
    ]
    const drawn = new window.uPlot({
      width: target.clientWidth, height: 200, series: [{}, ...series], legend: { live: false }, axes: [{ ...axis(), values: times }, { ...axis(), size: 44 }],
      scales: { x: bars ? { range: [Number(target.dataset.since), Number(target.dataset.until)] } : {}, y: { range: (_, low, high) => [0, Math.max(4, high * 1.1)] } }, cursor: { y: false },
    }, data, target)
    plots.set(target, drawn)
    new ResizeObserver(() => drawn.setSize({ width: target.clientWidth, height: 200 })).observe(target)
  }

  function throughput() {
    const series = document.getElementById('series')
    if (series) plot(document.getElementById('throughput'), JSON.parse(series.dataset.series), false)
  }

  // The diagram

  // Steps have their names in the reader's language. Bizagi writes a label of no size at no place for every name; without them bpmn-js puts the names where they belong.
  function prepared(text, names) {
    const drawn = new DOMParser().parseFromString(text, 'application/xml')
    for (const label of [...drawn.getElementsByTagNameNS('*', 'BPMNLabel')]) {
      const bounds = label.getElementsByTagNameNS('*', 'Bounds')[0]
      if (bounds && !Number(bounds.getAttribute('width'))) label.remove()
    }
    for (const [id, name] of Object.entries(names)) drawn.querySelector(`[id="${CSS.escape(id)}"]`)?.setAttribute('name', name)
    return new XMLSerializer().serializeToString(drawn)
  }

  function badge(text, kind) {
    const made = document.createElement('b')
    made.className = kind
    made.textContent = text
    return made
  }

  // The elements that show an element: itself, or what encloses it on another diagram or in a collapsed sub-process.
  function visible(viewer, inside, id) {
    const [canvas, registry] = ['canvas', 'elementRegistry'].map((name) => viewer.get(name))
    const found = []
    for (let each = id; each; each = inside[each]) {
      const element = registry.get(each)
      if (element) found.push(each)
      if (element && canvas.findRoot(element) === canvas.getRootElement()) break
    }
    return found
  }

  // How many orders stand at each element, and nothing of what was said before.
  let counted
  function count({ viewer, inside }, counts) {
    const [overlays, canvas, registry] = ['overlays', 'canvas', 'elementRegistry'].map((name) => viewer.get(name))
    overlays.remove({ type: 'count' })
    registry.forEach((element) => canvas.removeMarker(element, 'here'))
    const sums = {}
    for (const [id, orders] of Object.entries(counts)) {
      for (const each of visible(viewer, inside, id)) sums[each] = (sums[each] || 0) + orders
    }
    for (const [id, orders] of Object.entries(sums)) {
      overlays.add(id, 'count', { position: { top: -14, right: 14 }, html: badge(orders, 'badge') })
      canvas.addMarker(id, 'here')
    }
  }

  async function diagram(target) {
    try {
      const answer = await fetch(target.dataset.src)
      if (!answer.ok) throw new Error(String(answer.status))
      target.replaceChildren()
      const viewer = new window.BpmnJS({
        container: target,
        bpmnRenderer: {
          defaultFillColor: 'var(--drawing)', defaultStrokeColor: 'var(--drawing-ink)', defaultLabelColor: 'var(--drawing-ink)',
        },
      })
      await viewer.importXML(prepared(await answer.text(), JSON.parse(target.dataset.names)))
      const [canvas, registry] = ['canvas', 'elementRegistry'].map((name) => viewer.get(name))
      const inside = JSON.parse(target.dataset.inside)
      const mark = (ids, kind) => {
        for (const id of ids.flatMap((each) => visible(viewer, inside, each))) canvas.addMarker(id, kind)
      }
      mark(JSON.parse(target.dataset.passed), 'passed')
      mark(JSON.parse(target.dataset.places), target.dataset.ended === 'true' ? 'ended' : 'here')
      for (const [kind, ids] of Object.entries(JSON.parse(target.dataset.marks))) mark(ids, kind)
      for (const [id, { level, label }] of Object.entries(JSON.parse(target.dataset.heat || '{}'))) {
        if (!registry.get(id)) continue
        canvas.addMarker(id, `heat-${level}`)
        viewer.get('overlays').add(id, { position: { bottom: 10, left: 6 }, html: badge(label, 'badge figure') })
      }
      if (target.dataset.counts) {
        counted = { viewer, inside }
        count(counted, JSON.parse(target.dataset.counts))
      }
      // Where the page has fields for an element, a click on it opens them.
      viewer.on('element.click', ({ element }) => {
        const fields = document.getElementById(`bind-${element.id}`)
        if (!fields) return
        fields.open = true
        fields.scrollIntoView({ block: 'nearest' })
        fields.querySelector('select, input')?.focus({ preventScroll: true })
      })
      const fit = () => canvas.zoom('fit-viewport', 'auto')
      viewer.on('root.set', 100, fit)
      fit()
    } catch (error) {
      const message = document.createElement('p')
      message.className = 'none'
      message.textContent = target.dataset.problem
      target.replaceChildren(message)
      console.warn(error)
    }
  }

  // What is lost is said, and taken back when it returns.

  const trouble = document.getElementById('trouble')
  const live = document.getElementById('live')
  const seconds = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'medium', hourCycle: 'h23' })
  let since
  const away = (lost) => {
    since = lost ? since || new Date() : undefined
    live?.classList.toggle('lost', lost)
    if (lost) trouble.textContent = trouble.dataset.lost.replace('{at}', seconds.format(since))
    trouble.hidden = !lost
  }
  document.body.addEventListener('htmx:sseError', () => away(true))
  document.body.addEventListener('htmx:sseOpen', () => away(false))
  document.body.addEventListener('htmx:sendError', () => away(true))
  document.body.addEventListener('htmx:timeout', () => away(true))
  document.body.addEventListener('htmx:responseError', () => away(true))
  document.body.addEventListener('htmx:afterOnLoad', () => away(false))
  document.body.addEventListener('htmx:afterSwap', (event) => {
    if (event.target.id === 'figures') {
      trouble.hidden = true
      throughput()
    } else if (event.target.id === 'places' && counted) count(counted, JSON.parse(document.getElementById('counts').dataset.counts))
    else if (event.target.id === 'trouble') trouble.hidden = false
  })

  document.addEventListener('DOMContentLoaded', () => {
    throughput()
    const steps = document.getElementById('steps')
    if (steps) plot(steps, JSON.parse(steps.dataset.bars), true)
    const target = document.getElementById('diagram')
    if (target) diagram(target)
  })
})()
