// Forms: what was typed survives a session that ends and a portal that is away; a request shows that it runs.
(() => {
  'use strict'

  const KEY = 'draft'
  const HERE = location.pathname + location.search
  const fieldsOf = (form) =>
    [...form.elements].filter((field) => field.name && !['hidden', 'password', 'file', 'submit', 'button'].includes(field.type))
  const kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY) || 'null')
    } catch {
      return null
    }
  }

  // The text of one page's forms is kept until another page is opened: then it was sent, or given up.

  function keep(event) {
    const form = event.target.form
    if (!form || form.method !== 'post' || 'instant' in form.dataset || form.getAttribute('action') === '/login') return
    const draft = kept()?.page === HERE ? kept() : { page: HERE, forms: {} }
    const typed = fieldsOf(form).filter((field) => (field.type === 'checkbox' ? field.checked : field.value !== field.defaultValue))
    draft.forms[form.getAttribute('action')] = Object.fromEntries(typed.map((field) => [field.name, field.value]))
    sessionStorage.setItem(KEY, JSON.stringify(draft))
  }

  function restore() {
    const draft = kept()
    if (!draft || location.pathname === '/login') return
    if (draft.page !== HERE) {
      sessionStorage.removeItem(KEY)
      return
    }
    for (const [action, typed] of Object.entries(draft.forms)) {
      const form = [...document.forms].find((each) => each.getAttribute('action') === action)
      if (!form) continue
      for (const [name, value] of Object.entries(typed)) {
        const field = fieldsOf(form).find((each) => each.name === name)
        if (!field) load(form, name)
        else if (field.type === 'checkbox') field.checked = true
        else if (field.value === field.defaultValue || field.tagName === 'SELECT') field.value = value
      }
    }
  }

  // A line of an order has its fields only when a person corrects it.
  function load(form, name) {
    const line = /^document\.lines\.(\d+)\./.exec(name)
    if (line) form.querySelector(`a[hx-get$="line=${Number(line[1]) + 1}"]`)?.click()
  }

  // A field that is asked only with some values of another one is hidden until then.
  function unveil() {
    for (const field of document.querySelectorAll('[data-when]')) {
      const other = field.closest('form').elements[field.dataset.when]
      if (!other) continue
      const value = other.type === 'checkbox' ? String(other.checked) : other.value
      field.hidden = !JSON.parse(field.dataset.values).includes(value)
    }
  }

  // A bar runs while a request does; after some seconds a sentence says so.

  const SLOW_MS = 4000
  const bar = document.getElementById('busy')
  let running = 0
  let slow
  function begin() {
    running += 1
    bar.hidden = false
    slow ??= setTimeout(() => bar.classList.add('slow'), SLOW_MS)
  }
  function end() {
    running = Math.max(0, running - 1)
    if (running) return
    clearTimeout(slow)
    slow = undefined
    bar.hidden = true
    bar.classList.remove('slow')
  }

  document.addEventListener('input', keep)
  document.addEventListener('change', keep)
  document.addEventListener('change', unveil)
  document.addEventListener('submit', (event) => {
    if (event.defaultPrevented || event.target.hasAttribute('hx-get')) return
    begin()
    event.target.setAttribute('aria-busy', 'true')
    // The button's own value is still sent: it is disabled after that.
    setTimeout(() => {
      for (const button of event.target.querySelectorAll('button:not([type=button])')) button.disabled = true
    })
  })
  // Of the browser's own memory of a page: nothing runs there any more.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    end()
    for (const form of document.querySelectorAll('form[aria-busy]')) {
      form.removeAttribute('aria-busy')
      for (const button of form.querySelectorAll('button:disabled')) button.disabled = false
    }
  })
  const asked = (event) => !event.detail.elt.matches('[hx-trigger^="every"]')
  document.addEventListener('htmx:beforeRequest', (event) => asked(event) && begin())
  document.addEventListener('htmx:afterRequest', (event) => asked(event) && end())
  document.addEventListener('DOMContentLoaded', restore)
  document.addEventListener('DOMContentLoaded', unveil)
  document.addEventListener('htmx:afterSwap', restore)
})()
