package engine

import (
	"slices"

	"github.com/dop251/goja"
)

// context is ctx. Its members are made when code asks for them: few calls use many.
type context struct{ s *session }

var _ goja.DynamicObject = context{}

// parts says which script of js/ makes which member; user, env, now and deliveryId are the call's.
var parts = map[string]string{
	"db": "db", "fetch": "fetch", "log": "log", "random": "chance", "uuid": "chance", "reject": "refuse", "drop": "refuse", "enqueue": "refuse",
}

// Get gives a member, the same one each time.
func (c context) Get(name string) goja.Value {
	s := c.s
	if v := s.members[name]; v != nil {
		return v
	}
	var v goja.Value
	var err error
	switch name {
	case "user":
		v, err = s.given(userText(s.run.User), "claims")
	case "env":
		v, err = s.given(envText(s.run.Env))
	case "now":
		v, err = s.world(name, s.vm.ToValue(s.now.UnixMilli()))
	case "deliveryId":
		if s.asked.DeliveryID == "" {
			return nil
		}
		v = s.vm.ToValue(s.asked.DeliveryID)
	default:
		part, ok := parts[name]
		if !ok {
			return nil
		}
		v, err = s.part(part, name)
	}
	s.must(err)
	s.members[name] = v
	return v
}

// given is what the runtime sent, frozen, and so are the members named.
func (s *session) given(text string, members ...string) (goja.Value, error) {
	v, err := s.argument([]byte(text))
	if err != nil {
		return nil, err
	}
	if o, ok := v.(*goja.Object); ok {
		for _, name := range members {
			if member := o.Get(name); member != nil {
				if _, err := s.freeze(nil, member); err != nil {
					return nil, err
				}
			}
		}
	}
	return s.freeze(nil, v)
}

// world calls a function of js/world.js.
func (s *session) world(name string, argument goja.Value) (goja.Value, error) {
	f, err := s.part("world", name)
	if err != nil {
		return nil, err
	}
	return callable(f)(nil, argument)
}

// part gives a member of what one of our scripts made; the script is run when it is first needed.
func (s *session) part(script, member string) (goja.Value, error) {
	api := s.api.ToObject(s.vm)
	made, err := callable(api.Get("load"))(nil, s.vm.ToValue(script))
	if err != nil {
		return nil, err
	}
	return made.ToObject(s.vm).Get(member), nil
}

// Set refuses: code cannot change ctx.
func (c context) Set(string, goja.Value) bool { return false }

// Delete refuses.
func (c context) Delete(string) bool { return false }

// Has tells whether the call's ctx has a member.
func (c context) Has(name string) bool { return slices.Contains(c.Keys(), name) }

// Keys lists the members.
func (c context) Keys() []string {
	list := []string{"user", "env", "now", "db", "log", "random", "uuid", "reject", "drop", "enqueue", "fetch"}
	if c.s.asked.DeliveryID != "" {
		list = append(list, "deliveryId")
	}
	return list
}
