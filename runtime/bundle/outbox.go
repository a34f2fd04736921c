package bundle

// Outbox is where the webhooks of one name go.
type Outbox struct {
	URL string `json:"url"`
	// Secret signs them, by the scheme of Standard Webhooks: whsec_ and 24 to 64 bytes in base64.
	Secret SecretRef `json:"secret"`
}
