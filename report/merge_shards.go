package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
)

// Incomplete is the result of a merge in which shards of an audit are missing.
const Incomplete check.Result = "incomplete"

const (
	// MaxShards is how many parts a plan has at most: as many as one matrix of GitHub
	// Actions has jobs (https://docs.github.com/en/actions/reference/limits).
	MaxShards = 256

	// maxPlans bounds the plans of which reports are merged.
	maxPlans = 10_000
)

type planDigest = [sha256.Size]byte

// shards are which parts of a plan were merged, by how many it is divided into. The one part of
// an undivided plan is all of it, and so are all parts of any division: nothing else is kept then.
type shards map[int][]bool

// whole reports whether all of the plan is there.
func (s shards) whole() bool { return s[1] != nil }

// Planned is what a merge has of the plan of an audit.
type Planned struct {
	SHA256  string `json:"sha256"`           // of the plan
	Shards  int    `json:"shards,omitempty"` // into how many parts it is divided; 0: all of it is there
	Missing []int  `json:"missing"`          // the parts that are not there, from 1, ascending; none: all of it is
}

// String says what is missing.
func (p Planned) String() string {
	var list []string
	for _, k := range p.Missing {
		list = append(list, fmt.Sprintf("%d/%d", k, p.Shards))
	}
	verb := "are"
	if len(list) == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %d shards of the audit plan %.12s %s missing: %s", len(list), p.Shards, p.SHA256, verb, strings.Join(list, ", "))
}

// Hint says what to do about it.
func (p Planned) Hint() string {
	return "run these shards of the plan, and merge all of them; those of another plan do not stand for them; its SHA-256: " + p.SHA256
}

// Shard tells that the reports of the k-th of n parts of an audit's plan were added, from 1;
// the first of one is all of it. plan is the digest of the plan.
func (m *Merger) Shard(plan planDigest, k, n int) error {
	if n < 1 || n > MaxShards || k < 1 || k > n {
		return fmt.Errorf("%d/%d is no shard of a plan", k, n)
	}
	return m.have(plan, n, func(i int) bool { return i == k })
}

// have notes which of n parts of a plan there are.
func (m *Merger) have(plan planDigest, n int, is func(k int) bool) error {
	of, ok := m.plans[plan]
	if !ok {
		if len(m.plans) == maxPlans {
			return fmt.Errorf("more than %d plans", maxPlans)
		}
		if m.plans == nil {
			m.plans = map[planDigest]shards{}
		}
		of = shards{}
		m.plans[plan] = of
	}
	if of.whole() {
		return nil
	}
	if of[n] == nil {
		of[n] = make([]bool, n)
	}
	for i := range of[n] {
		of[n][i] = of[n][i] || is(i+1)
	}
	if !slices.Contains(of[n], false) {
		m.plans[plan] = shards{1: {true}}
	}
	return nil
}

// Plans returns what there is of each plan of which reports were merged, by its digest, and of
// one that is divided in several ways, none of which is whole, one for each.
func (m *Merger) Plans() []Planned {
	var all []Planned
	for _, plan := range slices.SortedFunc(maps.Keys(m.plans), func(a, b planDigest) int { return bytes.Compare(a[:], b[:]) }) {
		of := m.plans[plan]
		for _, n := range slices.Sorted(maps.Keys(of)) {
			p := Planned{SHA256: hex.EncodeToString(plan[:]), Missing: []int{}}
			if !of.whole() {
				p.Shards = n
			}
			for i, there := range of[n] {
				if !there {
					p.Missing = append(p.Missing, i+1)
				}
			}
			all = append(all, p)
		}
	}
	return all
}

// Missing returns the plans of which shards are missing.
func (m *Merger) Missing() []Planned {
	return slices.DeleteFunc(m.Plans(), func(p Planned) bool { return len(p.Missing) == 0 })
}

// planned reads what a merged report has of one plan. What is missing of it has to be said, were
// it nothing: it would be taken for all that there is otherwise.
func planned(raw []byte) (p Planned, err error) {
	o, err := readObject(raw)
	if err != nil {
		return p, err
	}
	if o["shards"] != nil {
		err = o.read("shards", &p.Shards)
	}
	return p, cmp.Or(err, o.read("sha256", &p.SHA256), o.read("missing", &p.Missing))
}

// addPlans adds what a merged report has of plans.
func (m *Merger) addPlans(dec *json.Decoder) error {
	var list []json.RawMessage
	if err := dec.Decode(&list); err != nil {
		return err
	}
	if list == nil {
		return errors.New("not a list")
	}
	for i, raw := range list {
		p, err := planned(raw)
		if err != nil {
			return fmt.Errorf("%d: %w", i, err)
		}
		b, err := hex.DecodeString(p.SHA256)
		if err != nil || len(b) != sha256.Size {
			return fmt.Errorf("%d: %q is no SHA-256", i, p.SHA256)
		}
		ascending := slices.IsSortedFunc(p.Missing, func(a, b int) int { return cmp.Or(cmp.Compare(a, b), -1) })
		switch n := len(p.Missing); {
		case n == 0 && p.Shards == 0:
			p.Shards = 1
		case n == 0 || !ascending || p.Missing[0] < 1 || p.Missing[n-1] > p.Shards || p.Shards > MaxShards || n == p.Shards:
			return fmt.Errorf("%d: of %d shards %v are missing, which cannot be", i, p.Shards, p.Missing)
		}
		if err := m.have(planDigest(b), p.Shards, func(k int) bool { return !slices.Contains(p.Missing, k) }); err != nil {
			return err
		}
	}
	return nil
}
