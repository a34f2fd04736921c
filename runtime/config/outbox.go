package config

import (
	"fmt"
	"strings"

	"turnkey/runtime/bundle"
)

// maxOutboxes bounds what one instance's deliveries are sorted into.
const maxOutboxes = 20

// outbox reads where webhooks go, by name.
func (r *reader) outbox(n *node, path string) {
	if n == nil || !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping.", "Such as outbox: {crm: {url: https://crm.example/hook, secret: {secret: CRM_KEY}}}.")
		return
	}
	if len(n.entries) > maxOutboxes {
		r.fail(path, "too_many", fmt.Sprintf("There are %d outboxes; at most %d are possible.", len(n.entries), maxOutboxes), "")
	}
	r.cfg.Outbox = make(map[string]bundle.Outbox, len(n.entries))
	for _, e := range n.entries {
		at := join(path, e.key)
		if !outboxName(e.key) {
			r.fail(at, "outbox_name", "Names of outboxes have small letters, digits and underscores, and begin with a letter.", "Such as crm.")
		}
		var o bundle.Outbox
		ok := r.object(e.value, at, members{
			"url":    func(n *node, path string) { o.URL = r.endpoint(n, path) },
			"secret": func(n *node, path string) { o.Secret = r.secret(n, path) },
		})
		if ok {
			r.required(e.value, at, "url", "Where the webhooks go.")
			r.required(e.value, at, "secret", "Make one (whsec_ and 32 random bytes in base64), store it as a secret, give it to the receiver, and write {secret: ITS_NAME}.")
		}
		r.cfg.Outbox[e.key] = o
	}
}

// outboxName keeps names apart from the deliverer's own lane, which has a capital letter.
func outboxName(s string) bool {
	return identifier(s) && s == strings.ToLower(s) && s[0] != '_'
}
