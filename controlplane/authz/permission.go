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
)

// Permissions lists what roles can give. A permission that is not listed is always denied.
var Permissions = []Permission{
	OrganizationRead, OrganizationWrite, OrganizationDelete,
	MemberRead, MemberWrite,
	TokenRead, TokenWrite,
	AuditRead,
}
