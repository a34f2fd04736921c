package authz

// Permission is what a route asks for, as noun:verb. Permissions are part of the API: tokens name them.
type Permission string

// Permissions that no role gives.
const (
	// Public is for routes that anybody may call.
	Public Permission = "public"
	// SignedIn is for routes that anybody who proved who they are may call, about themselves.
	SignedIn Permission = "signed_in"
	// Person is SignedIn for people only: an API token belongs to one organization and may not.
	Person Permission = "person"
)

// Permissions on an organization.
const (
	OrganizationRead   Permission = "organization:read"
	OrganizationWrite  Permission = "organization:write"
	OrganizationDelete Permission = "organization:delete"
	MemberRead         Permission = "member:read"
	MemberWrite        Permission = "member:write"
	TokenRead          Permission = "token:read"
	TokenWrite         Permission = "token:write"
	AuditRead          Permission = "audit:read"
	AlertRead          Permission = "alert:read"
	AlertWrite         Permission = "alert:write"
	ExportRead         Permission = "export:read"
	ExportWrite        Permission = "export:write"
)

// Permissions on what is run. Those on an instance's parts are apart because scripts often need one alone.
const (
	ProjectRead     Permission = "project:read"
	ProjectCreate   Permission = "project:create"
	ProjectWrite    Permission = "project:write"
	ProjectDelete   Permission = "project:delete"
	InstanceRead    Permission = "instance:read"
	InstanceWrite   Permission = "instance:write"
	InstanceDelete  Permission = "instance:delete"
	ConfigWrite     Permission = "config:write"
	SecretWrite     Permission = "secret:write"
	SourceTest      Permission = "source:test"
	DeploymentWrite Permission = "deployment:write"
	KeyWrite        Permission = "key:write"
	DevTokenCreate  Permission = "dev_token:create"
	// RejectionRead shows what customers' users wrote; RejectionForce applies it whatever the rules say.
	RejectionRead  Permission = "rejection:read"
	RejectionWrite Permission = "rejection:write"
	RejectionForce Permission = "rejection:force"
	// DeliveryRead shows what is sent out for customers' users; DeliveryWrite has it sent again, or given up.
	DeliveryRead  Permission = "delivery:read"
	DeliveryWrite Permission = "delivery:write"
	// ConflictRead, ConflictWrite and ConflictForce are the same for recorded conflicts.
	ConflictRead  Permission = "conflict:read"
	ConflictWrite Permission = "conflict:write"
	ConflictForce Permission = "conflict:force"
	// RehearsalRun says what would become of writes, over customers' data, as any user.
	RehearsalRun Permission = "rehearsal:run"
	LogRead      Permission = "log:read"
	MetricRead   Permission = "metric:read"
	UserErase    Permission = "user:erase"
)

// Permissions lists what roles can give. A permission that is not listed is always denied.
var Permissions = []Permission{
	OrganizationRead, OrganizationWrite, OrganizationDelete,
	MemberRead, MemberWrite,
	TokenRead, TokenWrite,
	AuditRead, AlertRead, AlertWrite, ExportRead, ExportWrite,
	ProjectRead, ProjectCreate, ProjectWrite, ProjectDelete,
	InstanceRead, InstanceWrite, InstanceDelete,
	ConfigWrite, SecretWrite, SourceTest, DeploymentWrite, KeyWrite, DevTokenCreate,
	RejectionRead, RejectionWrite, RejectionForce, ConflictRead, ConflictWrite, ConflictForce, RehearsalRun, DeliveryRead, DeliveryWrite, LogRead, MetricRead, UserErase,
}
