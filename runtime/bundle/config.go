package bundle

import (
	"time"
)

// Config is a validated turnkey.yaml with every default filled in. Package config makes it; the
// comments here say what a reader of the value may rely on.
type Config struct {
	Source     Source           `json:"source"`
	Auth       Auth             `json:"auth"`
	Tables     map[string]Table `json:"tables"` // by the client's table name
	OnFailure  OnFailure        `json:"on_failure"`
	Receipts   Receipts         `json:"receipts"`
	Rejections Rejections       `json:"rejections"`
	CORS       CORS             `json:"cors"`
	Limits     Limits           `json:"limits"`
	Conflicts  Conflicts        `json:"conflicts,omitzero"`
	Tombstones Tombstones       `json:"tombstones,omitzero"`
	// Outbox has the receivers of webhooks, by name.
	Outbox map[string]Outbox `json:"outbox,omitempty"`
	Hooks  Hooks             `json:"hooks,omitzero"`
}

// SourceType names the customer's kind of database.
type SourceType string

// The source types.
const (
	MongoDB    SourceType = "mongodb"
	PostgreSQL SourceType = "postgres"
)

// SecretRef names one of the bundle's secrets.
type SecretRef struct {
	Secret string `json:"secret"`
}

// Source is where rows live.
type Source struct {
	Type SourceType `json:"type"`
	URI  SecretRef  `json:"uri"`
	// Database is the MongoDB database; for PostgreSQL the schema of our own tables.
	Database         string            `json:"database"`
	RowLevelSecurity *RowLevelSecurity `json:"row_level_security,omitempty"`
}

// RowLevelSecurity makes every transaction run as Role with request.jwt.claims and app.user_id set.
type RowLevelSecurity struct {
	Role string `json:"role"`
}

// Auth says who may write and what our tokens carry.
type Auth struct {
	PowerSyncURL      string            `json:"powersync_url"` // no trailing slash
	Audiences         []string          `json:"audiences"`     // never empty: defaults to PowerSyncURL
	Algorithm         Algorithm         `json:"algorithm"`
	TokenTTL          time.Duration     `json:"token_ttl"`
	DevelopmentTokens bool              `json:"development_tokens"`
	Claims            map[string]string `json:"claims"` // claim name -> CEL over claims
	Providers         []Provider        `json:"providers"`
}

// ProviderType is how a provider proves an identity.
type ProviderType string

// The provider types.
const (
	ProviderJWKS         ProviderType = "jwks"
	ProviderPublicKey    ProviderType = "public_key"
	ProviderSharedSecret ProviderType = "shared_secret"
	ProviderAPIKey       ProviderType = "api_key"
	ProviderAnonymous    ProviderType = "anonymous"
)

// Provider may ask for tokens.
type Provider struct {
	Name      string       `json:"name"`
	Type      ProviderType `json:"type"`
	Issuer    string       `json:"issuer,omitempty"`
	Audience  []string     `json:"audience,omitempty"`
	JWKSURI   string       `json:"jwks_uri,omitempty"`
	PublicKey string       `json:"public_key,omitempty"` // PEM or one JWK
	Secret    SecretRef    `json:"secret,omitzero"`      // shared_secret: HS256 key of at least 32 bytes
	// Exactly one of UserID and Lookup is set for jwks, public_key and shared_secret.
	UserID       string  `json:"user_id,omitempty"` // CEL over claims
	Lookup       *Lookup `json:"lookup,omitempty"`
	UserIDPrefix string  `json:"user_id_prefix,omitempty"`
	// Upload accepts this provider's tokens at /upload as they are.
	Upload bool `json:"upload"`
}

// Lookup finds the user's id in the source: the row of Collection whose fields equal Match gives
// the value of its field Take.
type Lookup struct {
	Collection string            `json:"collection"` // PostgreSQL: table
	Match      map[string]string `json:"match"`      // field -> CEL over claims
	Take       string            `json:"take"`
}

// Table maps one client table to a collection (MongoDB) or table (PostgreSQL).
type Table struct {
	Collection     string           `json:"collection"` // PostgreSQL: schema.table
	Key            string           `json:"key"`        // PostgreSQL: key column; MongoDB: _id
	ID             TypeName         `json:"id"`         // string, objectid, uuid or int64
	Allow          Allow            `json:"allow"`
	UnknownFields  UnknownFields    `json:"unknown_fields"`
	ClientHandling []string         `json:"client_handling"`
	Fields         map[string]Field `json:"fields"` // by the client's column name
	// OnConflict and Deletes: see conflict.go. Zero is last_write and win.
	OnConflict OnConflict `json:"on_conflict,omitzero"`
	Deletes    Deletes    `json:"deletes,omitempty"`
}

// Allow holds CEL rules; an empty one allows nobody.
type Allow struct {
	Create string `json:"create"`
	Update string `json:"update"`
	Delete string `json:"delete"`
}

// UnknownFields says what happens to columns that are not declared.
type UnknownFields string

// The choices for columns that are not declared under fields.
const (
	RejectUnknown UnknownFields = "reject"
	KeepUnknown   UnknownFields = "keep"
)

// Field maps one client column to a path of the row.
type Field struct {
	Path      string `json:"path"` // dotted; defaults to the column's name
	Type      Type   `json:"type"` // zero Name: not declared, the stored type decides
	Immutable bool   `json:"immutable"`
	Ignored   bool   `json:"ignored"`
	// Transitions lists, for each old value in client form, the values that may follow; nil: any.
	Transitions map[string][]string `json:"transitions,omitempty"`
	// Merge is the field's policy; zero: last_write. Only tables with the row policy merge have any.
	Merge Merge `json:"merge,omitzero"`
}

// TypeName is a declared type.
type TypeName string

// The declared types.
const (
	TypeString   TypeName = "string"
	TypeObjectID TypeName = "objectid"
	TypeUUID     TypeName = "uuid"
	TypeInt32    TypeName = "int32"
	TypeInt64    TypeName = "int64"
	TypeDouble   TypeName = "double"
	TypeDecimal  TypeName = "decimal"
	TypeBool     TypeName = "bool"
	TypeDate     TypeName = "date"
	TypeBinary   TypeName = "binary"
	TypeJSON     TypeName = "json"
	TypeArray    TypeName = "array"
	TypeObject   TypeName = "object"
)

// Type is a declared type with what it contains.
type Type struct {
	Name TypeName `json:"name,omitempty"`
	// Elem is the type of an array's elements, when declared.
	Elem *Type `json:"elem,omitempty"`
	// Fields are the declared members of an object; others take the stored type.
	Fields map[string]Type `json:"fields,omitempty"`
}

// OnFailure says what follows a failed transaction of one upload.
type OnFailure string

// The choices after a fatal transaction.
const (
	StopAfterFailure OnFailure = "stop"
	SkipFailure      OnFailure = "skip"
)

// Receipts are kept for TTL; an operation that is repeated later is refused as expired.
type Receipts struct {
	TTL time.Duration `json:"ttl"`
}

// Rejections are kept for TTL.
type Rejections struct {
	TTL time.Duration `json:"ttl"`
	// ReleaseDependents is hold_dependents: false. Writes to a row whose creation was refused are then
	// judged as writes to a missing row, and succeed without effect.
	ReleaseDependents bool `json:"release_dependents,omitempty"`
}

// CORS lists the origins of browsers; nil: any origin, never with credentials.
type CORS struct {
	Origins []string `json:"origins,omitempty"`
}

// Limits of one instance.
type Limits struct {
	TransactionsPerMinute int `json:"transactions_per_minute"`
}
