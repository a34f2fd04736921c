package otlp

import (
	"crypto/sha256"
	"strconv"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// serviceName is what receivers call us.
const serviceName = "turnkey"

// resourceOf tells of which instance telemetry is. The names are those of OpenTelemetry's conventions where there are any.
func resourceOf(i controlplane.ExportInstance) *resource.Resource {
	return &resource.Resource{Attributes: []*common.KeyValue{
		text("service.name", serviceName), text("service.namespace", i.ProjectName), text("service.instance.id", i.ID), text("deployment.environment.name", i.Kind),
		text("turnkey.organization.id", i.Organization), text("turnkey.project.id", i.Project), text("turnkey.project.name", i.ProjectName),
		text("turnkey.instance.id", i.ID), text("turnkey.instance.name", i.Name),
	}}
}

func (s *Sender) scope() *common.InstrumentationScope {
	return &common.InstrumentationScope{Name: serviceName, Version: s.version}
}

func text(name, value string) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func number(name string, value int64) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: value}}}
}

func texts(name string, values []string) *common.KeyValue {
	list := make([]*common.AnyValue, len(values))
	for n, v := range values {
		list[n] = &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}}
	}
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: list}}}}
}

// attributes collects those that say something.
type attributes []*common.KeyValue

func (a *attributes) text(name, value string) {
	if value != "" {
		*a = append(*a, text(name, value))
	}
}

func (a *attributes) number(name string, value int64) {
	if value != 0 {
		*a = append(*a, number(name, value))
	}
}

// about is what spans and log records of an entry have in common.
func about(e *controlplane.LogEntry, identities bool) (a attributes) {
	a.text("turnkey.kind", string(e.Kind))
	a.text("turnkey.outcome", string(e.Outcome))
	a.text("error.type", e.Code)
	a.text("turnkey.request.id", e.RequestID)
	a.number("turnkey.deployment", int64(e.Deployment))
	a.text("turnkey.rejection.id", e.Rejection)
	a.text("turnkey.outbox", e.Lane)
	a.text("turnkey.client.sdk", e.SDK)
	a.text("turnkey.client.app_version", e.AppVersion)
	if identities {
		a.text("enduser.id", e.UserID)
		a.text("turnkey.client.id", e.ClientID)
	}
	if len(e.Operations) > 0 {
		var names []string
		var n int64
		for _, o := range e.Operations {
			names = append(names, o.Table)
			n += int64(o.Put + o.Patch + o.Delete)
		}
		a = append(a, texts("turnkey.tables", names))
		a.number("turnkey.operations", n)
	}
	a.number("turnkey.retries", int64(e.Retries))
	return a
}

// traceID is the one of everything that was logged about a request.
func traceID(e *controlplane.LogEntry) []byte {
	request := e.RequestID
	if request == "" {
		request = "entry " + strconv.FormatInt(e.Seq, 10)
	}
	sum := sha256.Sum256([]byte("turnkey trace\x00" + e.Instance + "\x00" + request))
	return sum[:16]
}

// spanID is the one of an entry, or, from 1 on, of one of its steps.
func spanID(e *controlplane.LogEntry, step int) []byte {
	sum := sha256.Sum256([]byte("turnkey span\x00" + e.Instance + "\x00" + strconv.FormatInt(e.Seq, 10) + "\x00" + strconv.Itoa(step)))
	return sum[:8]
}

// spans tells the kinds of entries that become spans.
func spans(k telemetry.Kind) bool { return k == telemetry.Transaction || k == telemetry.Token }

// byInstance sorts things to the instances that a receiver is told of, in the order in which they come. What belongs to none
// is left out.
func byInstance[T any](list []T, instance func(*T) string, about map[string]controlplane.ExportInstance, visit func(controlplane.ExportInstance, []*T)) {
	var order []string
	of := map[string][]*T{}
	for n := range list {
		id := instance(&list[n])
		if _, known := about[id]; !known {
			continue
		}
		if of[id] == nil {
			order = append(order, id)
		}
		of[id] = append(of[id], &list[n])
	}
	for _, id := range order {
		visit(about[id], of[id])
	}
}
