package controlplane

import "context"

// Store runs transactions, and tells of new log entries. Implementations retry fn on serialization failures and deadlocks; a
// transaction begun within fn's context joins the outer one as a savepoint.
type Store interface {
	// InTx commits when fn returns nil, and undoes everything otherwise.
	InTx(ctx context.Context, fn func(Tx) error) error
	// View is InTx for what changes nothing. Within a joined context it sees what was changed so far,
	// but does not begin the joined transaction.
	View(ctx context.Context, fn func(Tx) error) error
	// Join makes everything that changes something with the returned context one transaction. It begins
	// with the first InTx, by calling opening: until then no connection is held, however long the work
	// takes. end(nil, last) runs last in it, beginning it where nothing has, and commits; end(err, nil)
	// undoes and returns err.
	Join(ctx context.Context, opening func(Tx) error) (joined context.Context, end func(err error, last func(Tx) error) error)
	// ListenLogs calls stored with the instance of log entries that any replica stores, and with "" when it
	// begins (something may have come before), until the context or the connection ends.
	ListenLogs(ctx context.Context, stored func(instance string)) error
}

// Tx is the rows, within one transaction. Each noun declares its part in its own file. All methods
// return a fault of kind NotFound when a named row is absent.
type Tx interface {
	organizationTx
	memberTx
	invitationTx
	userTx
	sessionTx
	tokenTx
	auditTx
	answerTx
	placeTx
	projectTx
	instanceTx
	draftTx
	fileTx
	secretTx
	deploymentTx
	signingKeyTx
	apiKeyTx
	bundleTx
	runtimeTx
	vaultTx
	telemetryTx
	logTx
	metricTx
	sightingTx
	deviceTx
	credentialTx
	mailTx
	accountTokenTx
	totpTx
	identityTx
	passkeyTx
	observedTx
	alertTx
	alertChannelTx
	alertMessageTx
	exportTx
}
