package dashboardapi

import (
	"net/http"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
)

// instanceRoutes are the routes of projects, instances and what instances hold.
func (a *api) instanceRoutes() []route {
	created := []option{status(http.StatusCreated)}
	const in = "/instances/{instance}"
	return []route{
		{get, "/orgs/{org}/projects", authz.ProjectRead, inOrg, quiet, "List projects", handle(a.listProjects), nil},
		{post, "/orgs/{org}/projects", authz.ProjectCreate, inOrg, controlplane.ProjectCreated, "Make a project", handle(a.createProject), created},
		{get, "/projects/{project}", authz.ProjectRead, inProject, quiet, "Read a project", handle(a.getProject), nil},
		{patch, "/projects/{project}", authz.ProjectWrite, inProject, controlplane.ProjectUpdated, "Rename a project", handle(a.renameProject), []option{ifMatch()}},
		{remove, "/projects/{project}", authz.ProjectDelete, inProject, controlplane.ProjectDeleted, "Delete an empty project", handle(a.deleteProject), nil},
		{get, "/projects/{project}/people", authz.ProjectRead, inProject, quiet, "List by name who works on a project", handle(a.listPeople), nil},

		{get, "/projects/{project}/instances", authz.InstanceRead, inProject, quiet, "List instances", handle(a.listInstances), nil},
		{post, "/projects/{project}/instances", authz.InstanceWrite, inProject, controlplane.InstanceCreated, "Make an instance, with everything it needs", handle(a.createInstance),
			[]option{status(http.StatusCreated), maxBody(8 << 20), settle(a.awaitRevision)}},
		{get, in, authz.InstanceRead, inInstance, quiet, "Read an instance and how it does", handle(a.getInstance), nil},
		{patch, in, authz.InstanceWrite, inInstance, controlplane.InstanceUpdated, "Rename, pause or resume an instance, or set how long its log is kept", handle(a.updateInstance), []option{ifMatch()}},
		{remove, in, authz.InstanceDelete, inInstance, controlplane.InstanceDeleted, "Delete an instance", handle(a.deleteInstance), nil},

		{get, in + "/connect", authz.InstanceRead, inInstance, quiet, "What an app and PowerSync need: client auth, sync streams, schema and connector for each SDK", handle(a.getConnection), nil},
		{post, in + "/token-doctor", authz.ConfigWrite, inInstance, quiet, "Say what is wrong with a token, and which setting to change", handle(a.diagnoseToken), nil},
		{get, in + "/promotion/{from}", authz.InstanceRead, inInstance, quiet, "Say what would change if another instance's deployment became this one's draft", handle(a.planPromotion), nil},
		{post, in + "/promotion/{from}", authz.ConfigWrite, inInstance, controlplane.ConfigPromoted, "Make another instance's deployment this one's draft", handle(a.promote), nil},
		{get, in + "/checklist", authz.InstanceRead, inInstance, quiet, "What was seen of the instance on its way to the first write", handle(a.getChecklist), nil},
		{get, in + "/go-live", authz.InstanceRead, inInstance, quiet, "Check whether the instance is ready for users", handle(a.getGoLive), nil},
		{post, in + "/go-live/keys-pasted", authz.KeyWrite, inInstance, controlplane.SigningKeysPasted, "Confirm that PowerSync was given the keys by hand", handle(a.confirmKeys), nil},

		{get, in + "/config", authz.InstanceRead, inInstance, quiet, "Read the configuration draft", handle(a.getConfig), nil},
		{put, in + "/config", authz.ConfigWrite, inInstance, controlplane.ConfigUpdated, "Save the configuration draft", handle(a.putConfig), []option{ifMatch(), maxBody(2 << 20)}},
		{post, in + "/config/validate", authz.ConfigWrite, inInstance, quiet, "Check a draft, its hook files included, without saving it", handle(a.validateConfig), []option{maxBody(8 << 20)}},

		{get, in + "/files", authz.InstanceRead, inInstance, quiet, "List hook files", handle(a.listFiles), nil},
		{get, in + "/files/{path:.+}", authz.InstanceRead, inInstance, quiet, "Read a hook file", handle(a.getFile), nil},
		{put, in + "/files/{path:.+}", authz.ConfigWrite, inInstance, controlplane.FileUpdated, "Save a hook file", handle(a.putFile), []option{maxBody(2 << 20)}},
		{remove, in + "/files/{path:.+}", authz.ConfigWrite, inInstance, controlplane.FileDeleted, "Remove a hook file", handle(a.deleteFile), nil},

		{get, in + "/draft", authz.InstanceRead, inInstance, quiet, "Read all that deploying would deploy, and what of it is new", handle(a.getDraft), nil},
		{get, in + "/tables", authz.InstanceRead, inInstance, quiet, "Read the draft's tables as they are compiled", handle(a.listTables), nil},
		{get, in + "/hooks/types.d.ts", authz.InstanceRead, inInstance, quiet, "What hooks can use, with the draft's tables, as TypeScript declarations", handle(a.instanceTypes), nil},
		{post, in + "/hooks/test", authz.ConfigWrite, inInstance, quiet, "Run the tests of a draft's hooks", handle(a.testHooks), []option{maxBody(8 << 20)}},
		{get, "/hooks/turnkey.d.ts", authz.SignedIn, nowhere, quiet, "What hooks can use, as TypeScript declarations", handle(a.hookTypes), nil},

		{get, in + "/secrets", authz.InstanceRead, inInstance, quiet, "List secrets, without values", handle(a.listSecrets), nil},
		{get, in + "/secrets/{name}", authz.InstanceRead, inInstance, quiet, "Read about a secret, without its value", handle(a.getSecret), nil},
		{put, in + "/secrets/{name}", authz.SecretWrite, inInstance, controlplane.SecretUpdated, "Set a secret", handle(a.putSecret), nil},
		{remove, in + "/secrets/{name}", authz.SecretWrite, inInstance, controlplane.SecretDeleted, "Remove a secret", handle(a.deleteSecret), nil},

		{post, in + "/source/test", authz.SourceTest, inInstance, controlplane.SourceTested, "Test the connection to a source", handle(a.testSource), nil},
		{post, in + "/source/inspect", authz.SourceTest, inInstance, controlplane.SourceInspected, "Sample a source and propose tables", handle(a.inspectSource), nil},

		{get, in + "/deployments", authz.InstanceRead, inInstance, quiet, "List deployments, newest first", handle(a.listDeployments), nil},
		{post, in + "/deployments", authz.DeploymentWrite, inInstance, controlplane.DeploymentCreated, "Deploy the draft", handle(a.createDeployment),
			[]option{status(http.StatusCreated), settle(a.awaitRevision)}},
		{get, in + "/deployments/{number}", authz.InstanceRead, inInstance, quiet, "Read a deployment", handle(a.getDeployment), nil},
		{post, in + "/deployments/{number}/restore", authz.ConfigWrite, inInstance, controlplane.DraftRestored, "Put what a deployment has back into the draft", handle(a.restoreDeployment), nil},
		{post, in + "/deployments/{number}/activate", authz.DeploymentWrite, inInstance, controlplane.DeploymentActivated, "Make an earlier deployment active", handle(a.activateDeployment),
			[]option{settle(a.awaitRevision)}},

		{get, in + "/signing-keys", authz.InstanceRead, inInstance, quiet, "List signing keys", handle(a.listSigningKeys), nil},
		{post, in + "/signing-keys/rotate", authz.KeyWrite, inInstance, controlplane.SigningKeyRotated, "Publish a new signing key", handle(a.rotateSigningKey), created},
		{post, in + "/signing-keys/revoke", authz.KeyWrite, inInstance, controlplane.SigningKeyRevoked, "Revoke a signing key", handle(a.revokeSigningKey), nil},

		{get, in + "/api-keys", authz.InstanceRead, inInstance, quiet, "List API keys", handle(a.listAPIKeys), nil},
		{post, in + "/api-keys", authz.KeyWrite, inInstance, controlplane.APIKeyCreated, "Make an API key", handle(a.createAPIKey), created},
		{remove, in + "/api-keys/{key}", authz.KeyWrite, inInstance, controlplane.APIKeyDeleted, "Delete an API key", handle(a.deleteAPIKey), nil},

		{get, in + "/inboxes", authz.InstanceRead, inInstance, quiet, "Count what waits for somebody: conflicts, refused writes, deliveries", handle(a.countInboxes), nil},
		{get, in + "/rejections", authz.RejectionRead, inInstance, quiet, "List refused writes", handle(a.listRejections), nil},
		{post, in + "/rejections/replay", authz.RejectionWrite, inInstance, controlplane.RejectionReplayed, "Replay many refused writes, in this order", handle(a.replayRejections), nil},
		{post, in + "/rejections/discard", authz.RejectionWrite, inInstance, controlplane.RejectionDiscarded, "Give up many refused writes", handle(a.discardRejections), nil},
		{get, in + "/rejections/{rejection}", authz.RejectionRead, inInstance, quiet, "Read a refused write with all that was kept", handle(a.getRejection), nil},
		{post, in + "/rejections/{rejection}/replay", authz.RejectionWrite, inInstance, controlplane.RejectionReplayed, "Apply a refused write after all, perhaps edited", handle(a.replayRejection), []option{maxBody(24 << 20)}},
		{post, in + "/rejections/{rejection}/force", authz.RejectionForce, inInstance, controlplane.RejectionReplayed, "Apply a refused write whatever the rules say", handle(a.forceRejection), []option{maxBody(24 << 20)}},
		{post, in + "/rejections/{rejection}/discard", authz.RejectionWrite, inInstance, controlplane.RejectionDiscarded, "Give up a refused write and what waits for it", handle(a.discardRejection), nil},
		{get, in + "/conflicts", authz.ConflictRead, inInstance, quiet, "List writes that met what somebody else had changed", handle(a.listConflicts), nil},
		{post, in + "/conflicts/resolve", authz.ConflictWrite, inInstance, controlplane.ConflictResolved, "Decide many conflicts alike, in this order", handle(a.resolveConflicts), nil},
		{post, in + "/conflicts/dismiss", authz.ConflictWrite, inInstance, controlplane.ConflictDismissed, "Let many conflicts be", handle(a.dismissConflicts), nil},
		{get, in + "/conflicts/{conflict}", authz.ConflictRead, inInstance, quiet, "Read a conflict with all that was recorded and what is stored today", handle(a.getConflict), nil},
		{post, in + "/conflicts/{conflict}/resolve", authz.ConflictWrite, inInstance, controlplane.ConflictResolved, "Decide a conflict: client, server, by column, edited, or by the policy of today", handle(a.resolveConflict), []option{maxBody(24 << 20)}},
		{post, in + "/conflicts/{conflict}/force", authz.ConflictForce, inInstance, controlplane.ConflictResolved, "Decide a conflict whatever the rules say", handle(a.forceConflict), []option{maxBody(24 << 20)}},
		{post, in + "/conflicts/{conflict}/dismiss", authz.ConflictWrite, inInstance, controlplane.ConflictDismissed, "Let a conflict be, and give up the refused write that it belongs to", handle(a.dismissConflict), nil},
		{post, in + "/deployments/{number}/replay-rejections", authz.RejectionWrite, inInstance, controlplane.DeploymentReplayed, "Replay in order what a deployment refused", handle(a.replayDeployment), nil},
		{get, in + "/deliveries", authz.DeliveryRead, inInstance, quiet, "List webhooks and calls of afterCommit hooks", handle(a.listDeliveries), nil},
		{post, in + "/deliveries/redeliver", authz.DeliveryWrite, inInstance, controlplane.DeliveryRedelivered, "Deliver many again", handle(a.redeliverMany), nil},
		{post, in + "/deliveries/discard", authz.DeliveryWrite, inInstance, controlplane.DeliveryDiscarded, "Give up many deliveries", handle(a.discardDeliveries), nil},
		{get, in + "/deliveries/{delivery}", authz.DeliveryRead, inInstance, quiet, "Read a delivery with its payload", handle(a.getDelivery), nil},
		{post, in + "/deliveries/{delivery}/redeliver", authz.DeliveryWrite, inInstance, controlplane.DeliveryRedelivered, "Deliver again, now, under the same id", handle(a.redeliver), nil},
		{post, in + "/deliveries/{delivery}/discard", authz.DeliveryWrite, inInstance, controlplane.DeliveryDiscarded, "Give up a delivery", handle(a.discardDelivery), nil},
		{post, in + "/hooks/run", authz.RehearsalRun, inInstance, controlplane.RehearsalRun, "Say what a draft, or what is deployed, would make of a write, and write nothing", handle(a.runHooks), []option{maxBody(24 << 20)}},
		{get, in + "/latest-writes", authz.RehearsalRun, inInstance, quiet, "List what devices of a development instance sent last", handle(a.listLatest), nil},
		{post, in + "/hooks/replay", authz.RehearsalRun, inInstance, controlplane.RehearsalReplayed, "Say what would become of recorded conflicts and refused writes", handle(a.replayHooks), []option{maxBody(8 << 20)}},
		{get, in + "/conflicts/{conflict}/test", authz.RehearsalRun, inInstance, quiet, "Write a conflict as a test of the draft's hooks", handle(a.testOfConflict), nil},
		{post, in + "/conflicts/{conflict}/test", authz.ConfigWrite, inInstance, controlplane.FileUpdated, "Save a conflict as a test among the draft's files", handle(a.saveTestOfConflict), nil},
		{get, in + "/rejections/{rejection}/test", authz.RehearsalRun, inInstance, quiet, "Write a refused write as a test of the draft's hooks", handle(a.testOfRejection), nil},
		{post, in + "/rejections/{rejection}/test", authz.ConfigWrite, inInstance, controlplane.FileUpdated, "Save a refused write as a test among the draft's files", handle(a.saveTestOfRejection), nil},
		{post, in + "/shadow", authz.RehearsalRun, inInstance, controlplane.ShadowStarted, "Let the draft run beside what is deployed, and count what would differ", handle(a.startShadow), []option{maxBody(8 << 20)}},
		{get, in + "/shadow", authz.RehearsalRun, inInstance, quiet, "Read what was counted so far", handle(a.getShadow), nil},
		{remove, in + "/shadow", authz.RehearsalRun, inInstance, controlplane.ShadowStopped, "Stop the draft that runs beside what is deployed", handle(a.stopShadow), nil},
		{remove, in + "/users/{id:.+}/data", authz.UserErase, inInstance, controlplane.UserDataErased, "Remove what is kept of a user beside their rows", handle(a.eraseUser), nil},
		{get, in + "/logs", authz.LogRead, inInstance, quiet, "Read or follow the log", a.logHandler, nil},
		{get, in + "/attention", authz.InstanceRead, inInstance, quiet, "List what about an instance somebody should look at", handle(a.getAttention), nil},
		{get, in + "/devices", authz.LogRead, inInstance, quiet, "List the devices of an instance's users, the stuck ones first", handle(a.listDevices), nil},
		{get, in + "/devices/{device}", authz.LogRead, inInstance, quiet, "Read what was seen of a device", handle(a.getDevice), nil},
		{get, in + "/refused-tokens", authz.LogRead, inInstance, quiet, "List refused credentials by cause", handle(a.listRefusedTokens), nil},
		{get, in + "/traces/{request}", authz.LogRead, inInstance, quiet, "Follow one request from what the device sent to what became of it", handle(a.getTrace), nil},
		{get, in + "/metrics", authz.MetricRead, inInstance, quiet, "Read what was counted", handle(a.getMetrics), nil},
		{get, in + "/metrics/series", authz.MetricRead, inInstance, quiet, "Read counters as series for a chart", handle(a.getSeries), nil},

		{post, in + "/dev-token", authz.DevTokenCreate, inInstance, controlplane.DevTokenCreated, "Mint a token for any user of a development instance", handle(a.createDevToken), created},
	}
}
