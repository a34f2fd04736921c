// The sign-in page: one form for signing in and up, and what you are signed in as.
"use strict";

const $ = (id) => document.getElementById(id);
const signup = document.body.dataset.signup; // open | invite | off
let joining = false;

async function call(method, path, body) {
  const answer = await fetch("/api/v1" + path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  const value = text ? JSON.parse(text) : {};
  if (!answer.ok) throw Object.assign(new Error(explain(value)), { status: answer.status });
  return value;
}

function explain(problem) {
  const places = (problem.errors || []).map((e) => e.message).join("; ");
  return [problem.detail, places, problem.hint].filter(Boolean).join(" ");
}

function show() {
  $("title").textContent = joining ? "Make a Turnkey account" : "Sign in to Turnkey";
  document.title = (joining ? "Sign up" : "Sign in") + " · Turnkey";
  $("submit").textContent = joining ? "Make the account" : "Sign in";
  $("switch").textContent = joining ? "I have an account" : "Make an account";
  $("switch").hidden = signup === "off";
  $("name-row").hidden = $("invitation-row").hidden = $("password-hint").hidden = !joining;
  $("invitation-hint").textContent = signup === "invite" ? "needed here" : "if you were sent one";
  $("form").elements.password.autocomplete = joining ? "new-password" : "current-password";
  $("error").textContent = "";
}

async function welcome() {
  let me;
  try {
    me = await call("GET", "/auth/me");
  } catch (err) {
    if (err.status !== 401) $("error").textContent = err.message;
    return;
  }
  $("title").textContent = "Turnkey";
  $("who").textContent = me.email;
  $("form").hidden = $("switch").hidden = true;
  $("account").hidden = false;
  const { data } = await call("GET", "/orgs");
  $("orgs-title").hidden = data.length === 0;
  $("orgs").replaceChildren(...data.map((org) => {
    const line = document.createElement("li");
    line.append(org.name + " ", Object.assign(document.createElement("code"), { textContent: org.id }));
    return line;
  }));
}

$("switch").addEventListener("click", () => {
  joining = !joining;
  show();
});

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = $("form").elements;
  const body = { email: fields.email.value.trim(), password: fields.password.value };
  if (joining) {
    for (const name of ["name", "invitation"]) {
      if (fields[name].value.trim()) body[name] = fields[name].value.trim();
    }
  }
  $("submit").disabled = true;
  $("error").textContent = "";
  try {
    await call("POST", joining ? "/auth/signup" : "/auth/login", body);
    fields.password.value = "";
    await welcome();
  } catch (err) {
    $("error").textContent = err.message;
    fields.email.focus();
  } finally {
    $("submit").disabled = false;
  }
});

$("signout").addEventListener("click", async () => {
  await call("POST", "/auth/logout");
  location.reload();
});

show();
welcome();
