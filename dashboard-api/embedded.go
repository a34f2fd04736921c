package dashboardapi

// Answers that hold another shape whole embed it under these names: encoding/json looks into embedded structs of any name,
// huma describes exported ones only.
type (
	Delivery   = delivery
	Deployment = deployment
	Instance   = instance
	MetricSums = metricSums
	Rejection  = rejection
	Settling   = settling
	SigningKey = signingKey
)
