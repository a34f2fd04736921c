package dashboardapi

import (
	"net/http"
	"slices"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// prefix is where the API lives.
const prefix = "/api/v1"

// routes is the table: every route, who may call it and what it leaves in the audit log. Paths are
// below prefix. A path parameter named org, project or instance is the place that the scope asks about.
func (a *api) routes() []route {
	return slices.Concat(a.accountRoutes(), []route{
		{get, "/development", authz.SignedIn, nowhere, quiet, "What a development server offers to try out", handle(a.getDevelopment), nil},

		{get, "/orgs", authz.SignedIn, nowhere, quiet, "List my organizations", handle(a.listOrganizations), nil},
		{post, "/orgs", authz.Person, nowhere, controlplane.OrganizationCreated, "Make an organization", handle(a.createOrganization), []option{status(http.StatusCreated)}},
		{get, "/orgs/{org}", authz.OrganizationRead, inOrg, quiet, "Read an organization", handle(a.getOrganization), nil},
		{patch, "/orgs/{org}", authz.OrganizationWrite, inOrg, controlplane.OrganizationUpdated, "Rename an organization, or set how long logs are kept", handle(a.renameOrganization), []option{ifMatch()}},
		{remove, "/orgs/{org}", authz.OrganizationDelete, inOrg, controlplane.OrganizationDeleted, "Delete an organization", handle(a.deleteOrganization), nil},

		{get, "/orgs/{org}/members", authz.MemberRead, inOrg, quiet, "List members", handle(a.listMembers), nil},
		{get, "/orgs/{org}/members/{user}", authz.MemberRead, inOrg, quiet, "Read a member", handle(a.getMember), nil},
		{patch, "/orgs/{org}/members/{user}", authz.MemberWrite, inOrg, controlplane.MemberUpdated, "Change a member's role or projects", handle(a.changeMember), []option{ifMatch()}},
		{remove, "/orgs/{org}/members/{user}", authz.MemberWrite, inOrg, controlplane.MemberRemoved, "Remove a member", handle(a.removeMember), nil},

		{get, "/orgs/{org}/invitations", authz.MemberWrite, inOrg, quiet, "List open invitations", handle(a.listInvitations), nil},
		{post, "/orgs/{org}/invitations", authz.MemberWrite, inOrg, controlplane.InvitationCreated, "Invite somebody", handle(a.createInvitation), []option{status(http.StatusCreated)}},
		{remove, "/orgs/{org}/invitations/{invitation}", authz.MemberWrite, inOrg, controlplane.InvitationRevoked, "Take an invitation back", handle(a.revokeInvitation), nil},
		{post, "/invitations/accept", authz.Person, nowhere, controlplane.InvitationAccepted, "Accept an invitation", handle(a.acceptInvitation), nil},

		{get, "/orgs/{org}/tokens", authz.TokenRead, inOrg, quiet, "List API tokens", handle(a.listTokens), nil},
		{post, "/orgs/{org}/tokens", authz.TokenWrite, inOrg, controlplane.TokenCreated, "Make an API token", handle(a.createToken), []option{status(http.StatusCreated)}},
		{remove, "/orgs/{org}/tokens/{token}", authz.TokenWrite, inOrg, controlplane.TokenRevoked, "Revoke an API token", handle(a.revokeToken), nil},

		{get, "/orgs/{org}/alerts", authz.AlertRead, inOrg, quiet, "List alerts, newest first", handle(a.listAlerts), nil},
		{get, "/orgs/{org}/alert-channels", authz.AlertRead, inOrg, quiet, "List where alerts go", handle(a.listAlertChannels), nil},
		{post, "/orgs/{org}/alert-channels", authz.AlertWrite, inOrg, controlplane.AlertChannelCreated, "Have alerts sent somewhere", handle(a.createAlertChannel), []option{status(http.StatusCreated)}},
		{get, "/orgs/{org}/alert-channels/{channel}", authz.AlertRead, inOrg, quiet, "Read an alert channel", handle(a.getAlertChannel), nil},
		{patch, "/orgs/{org}/alert-channels/{channel}", authz.AlertWrite, inOrg, controlplane.AlertChannelUpdated, "Change an alert channel, pause or resume it", handle(a.updateAlertChannel), []option{ifMatch()}},
		{remove, "/orgs/{org}/alert-channels/{channel}", authz.AlertWrite, inOrg, controlplane.AlertChannelDeleted, "Delete an alert channel", handle(a.deleteAlertChannel), nil},
		{post, "/orgs/{org}/alert-channels/{channel}/test", authz.AlertWrite, inOrg, controlplane.AlertChannelTested, "Send a test, and say how that went", handle(a.testAlertChannel), nil},
		{get, "/orgs/{org}/alert-channels/{channel}/messages", authz.AlertRead, inOrg, quiet, "List what a channel was told", handle(a.listAlertMessages), nil},

		{get, "/orgs/{org}/telemetry-exports", authz.ExportRead, inOrg, quiet, "List where telemetry is exported to, and how that goes", handle(a.listExports), nil},
		{post, "/orgs/{org}/telemetry-exports", authz.ExportWrite, inOrg, controlplane.ExportCreated, "Have telemetry exported to a receiver of OpenTelemetry", handle(a.createExport), []option{status(http.StatusCreated)}},
		{get, "/orgs/{org}/telemetry-exports/{export}", authz.ExportRead, inOrg, quiet, "Read a telemetry export", handle(a.getExport), nil},
		{patch, "/orgs/{org}/telemetry-exports/{export}", authz.ExportWrite, inOrg, controlplane.ExportUpdated, "Change a telemetry export, pause or resume it", handle(a.updateExport), []option{ifMatch()}},
		{remove, "/orgs/{org}/telemetry-exports/{export}", authz.ExportWrite, inOrg, controlplane.ExportDeleted, "Delete a telemetry export", handle(a.deleteExport), nil},
		{post, "/orgs/{org}/telemetry-exports/{export}/test", authz.ExportWrite, inOrg, controlplane.ExportTested, "Send a test of each signal, and say how that went", handle(a.testExport), nil},

		{get, "/orgs/{org}/audit-events", authz.AuditRead, inOrg, quiet, "Read the audit log", handle(a.listAuditEvents), nil},
	}, a.instanceRoutes())
}
