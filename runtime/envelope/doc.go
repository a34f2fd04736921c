// Package envelope carries bundles from the control plane to a pool of runtimes through places that
// neither trusts: the control plane's Postgres, networks, backups, disks. A sealed bundle is readable
// only with the pool's private keyset and believed only under a pinned verify key. It must not know
// what a bundle means, how sealed bytes travel, or where they are kept.
//
// # Form
//
//	"TKB1" | length of header (4 bytes, big endian) | header (JSON) | signature (64) | ciphertext
//	                                                       │              │              │
//	    what a runtime must know to file the bytes ────────┘              │              │
//	    Ed25519 over a purpose, magic, header and ciphertext ─────────────┘              │
//	    HPKE (X25519, HKDF-SHA256, AES-256-GCM) of the deflated bundle, the header ──────┘
//	    being its context
//
// It is encrypted first and signed last, so that nothing is decrypted, inflated or parsed as a bundle
// before its signature holds. Because the header is the encryption's context and is signed, a bundle
// cannot be given another instance, host or revision. The header tells no secret: ids, a number, and
// whether the instance is gone.
//
// # Keys
//
// Every key may have successors. A runtime pins several verify keys (one PEM file, many blocks) and
// its private keyset may hold several keys; the control plane signs with one and seals to the
// keyset's primary. To rotate either: give the runtimes old and new, switch the control plane, take
// the old one away. Sealed bytes older than the switch need the old ones until they are made anew.
package envelope
