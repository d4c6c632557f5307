package policy

import (
	"fmt"
	"maps"
	"slices"
)

// setting is one of the settings: what is a stricter value, and how it is written.
type setting struct {
	name       string
	strictness func(Settings) int
	text       func(Settings) string
	copy       func(to *Settings, from Settings)
}

const unusedExceptions = "unused-exceptions"

var settings = []setting{
	{
		"unlisted",
		func(s Settings) int { return s.Unlisted.strictness() },
		func(s Settings) string { return string(s.Unlisted) },
		func(to *Settings, from Settings) { to.Unlisted = from.Unlisted },
	},
	{
		"min-justification",
		func(s Settings) int { return s.MinJustification },
		func(s Settings) string { return fmt.Sprint(s.MinJustification) },
		func(to *Settings, from Settings) { to.MinJustification = from.MinJustification },
	},
	{
		"max-lifetime",
		func(s Settings) int { return -s.MaxLifetime },
		func(s Settings) string { return fmt.Sprintf("%dd", s.MaxLifetime) },
		func(to *Settings, from Settings) { to.MaxLifetime = from.MaxLifetime },
	},
	{
		"warn-before-expiry",
		func(s Settings) int { return s.WarnBeforeExpiry },
		func(s Settings) string { return fmt.Sprintf("%dd", s.WarnBeforeExpiry) },
		func(to *Settings, from Settings) { to.WarnBeforeExpiry = from.WarnBeforeExpiry },
	},
	{
		unusedExceptions,
		func(s Settings) int { return -levelRank(s.UnusedExceptions) },
		func(s Settings) string { return string(s.UnusedExceptions) },
		func(to *Settings, from Settings) { to.UnusedExceptions = from.UnusedExceptions },
	},
	{
		"opaque-payloads",
		func(s Settings) int { return -levelRank(s.OpaquePayloads) },
		func(s Settings) string { return string(s.OpaquePayloads) },
		func(to *Settings, from Settings) { to.OpaquePayloads = from.OpaquePayloads },
	},
	{
		"fail-on",
		func(s Settings) int { return slices.Index([]FailOn{FailOnNever, FailOnError, FailOnWarning}, s.FailOn) },
		func(s Settings) string { return string(s.FailOn) },
		func(to *Settings, from Settings) { to.FailOn = from.FailOn },
	},
}

// settings merges each setting: as the policy gives it, where its parents let it, else
// the strictest of them.
func (m *merger) settings() {
	m.whole.Settings.Fields = maps.Clone(m.own.Settings.Fields)
	if m.whole.Settings.Fields == nil {
		m.whole.Settings.Fields = map[string]Position{}
	}
	for _, f := range settings {
		at, given := m.own.Settings.Fields[f.name]
		if !given {
			m.inherit(f, m.strictest(f))
			continue
		}
		lock := f.lock(m.above())
		if lock == nil || f.strictness(m.own.Settings) >= f.strictness(lock.Settings) {
			continue
		}
		m.loosens(at, lock.set(lock.Settings.Fields, f.name), "%s %s loosens %s, which says %s",
			f.name, f.text(m.own.Settings), lock.Name, f.text(lock.Settings))
		m.inherit(f, lock)
	}
}

// inherit gives the merged policy a setting of another one.
func (m *merger) inherit(f setting, from *Policy) {
	f.copy(&m.whole.Settings, from.Settings)
	delete(m.whole.Settings.Fields, f.name)
	if at, ok := from.Settings.Fields[f.name]; ok {
		m.whole.Settings.Fields[f.name] = at
	}
}

// strictest returns the parent with the strictest value of a setting.
func (m *merger) strictest(f setting) *Policy {
	best := m.parents[0]
	for _, p := range m.parents[1:] {
		if f.stricter(p, best) {
			best = p
		}
	}
	return best
}

// stricter reports whether p has the stricter value, or an equal one that is rather to
// be named: which is given, and comes first by its place. The default of
// unused-exceptions gives way to any value that is given.
func (f setting) stricter(p, q *Policy) bool {
	at, ok := p.Settings.Fields[f.name]
	other, both := q.Settings.Fields[f.name]
	if f.name == unusedExceptions && ok != both {
		return ok
	}
	if d := f.strictness(p.Settings) - f.strictness(q.Settings); d != 0 {
		return d > 0
	}
	return ok && (!both || at.compareIn(other) < 0)
}

// lock returns the layer with the strictest value that may not be loosened, nil for
// none: one that is given, or the default of a policy that extends nothing. The default
// of unused-exceptions is no such lock: the setting says nothing of what code may claim,
// and who has exceptions merged before the code that needs them cannot do with errors.
func (f setting) lock(layers func(yield func(*Policy) bool)) *Policy {
	var best *Policy
	for layer := range layers {
		_, given := layer.Settings.Fields[f.name]
		if layer.Settings.Overridable || !given && (len(layer.Extends) > 0 || f.name == unusedExceptions) {
			continue
		}
		if best == nil || f.stricter(layer, best) {
			best = layer
		}
	}
	return best
}

// lockedUnlisted returns the layer of the policy that says most strictly what becomes of
// unlisted keys, so that it may not be loosened; nil for none.
func (p *Policy) lockedUnlisted() *Policy { return settings[0].lock(p.layers()) }
