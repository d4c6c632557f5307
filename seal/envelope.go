package seal

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/internal/boundedplist"
)

// envelope is what a CodeResources file says. Names are keyed by their canonical
// decomposition: see lookup.
type envelope struct {
	version int // 2 for files2, 1 for files
	files   map[string]*sealed
}

// sealed is what the list says of one name. One of hashes, link and requirement
// is set, none of them when the entry makes no sense.
type sealed struct {
	name     string
	optional bool
	found    string // the name on disk, once it was met there

	hashes      []sum
	sha1        bool // hashes has nothing else
	link        bool
	target      string
	requirement requirement.Requirement
	cdhash      string
}

// isCode reports whether the entry is one of nested code.
func (s *sealed) isCode() bool { return s.requirement.Text != "" }

// sum is a hash that a file is to have.
type sum struct {
	new  func() hash.Hash
	want []byte
}

// open reads the list. It returns false when nothing can be compared with it.
func (v *verifier) open(raw []byte) bool {
	name := v.in(codeResources)
	list, err := readList(raw)
	if err != nil {
		v.problem(Malformed, name, "%v", err)
		return false
	}
	v.sealed = &envelope{version: list.version, files: make(map[string]*sealed, len(list.files))}
	if list.version == 1 {
		v.problem(WeakEnvelope, name, "there is no files2: neither links nor nested code are sealed, and all hashes are SHA-1")
	}
	for _, key := range slices.Sorted(maps.Keys(list.files)) {
		s, err := newSealed(key, list.files[key])
		if err != nil {
			v.problem(Malformed, v.in(key), "in the seal: %v", err)
		}
		if s == nil {
			continue
		}
		if other := v.sealed.files[norm.NFD.String(key)]; other != nil {
			v.problem(Malformed, v.in(key), "in the seal: the same name as %q on macOS", other.name)
			continue
		}
		v.sealed.files[norm.NFD.String(key)] = s
	}
	rules, err := newRules(list.rules, func(pattern string, err error) {
		v.problem(BadRule, name, "rule %q: %v", pattern, err)
	})
	if err != nil {
		v.problem(BadRule, name, "%v", err)
		return false
	}
	if err := rules.weak(list.version); err != nil {
		v.problem(WeakRules, name, "%v", err)
	}
	v.rules = rules
	return true
}

type list struct {
	version      int
	files, rules map[string]any
}

// readList takes the pair that counts (SecStaticCode::loadResources). The other
// one must be dictionaries too, if it is there.
func readList(raw []byte) (list, error) {
	// A file of a bundle has eight objects in the list, one of them a dictionary.
	limits := boundedplist.Limits{Size: maxSize, Objects: 400_000, Dicts: 50_000}
	var root any
	if err := limits.Unmarshal(raw, &root); err != nil {
		return list{}, err
	}
	dict, ok := root.(map[string]any)
	if !ok {
		return list{}, errors.New("not a dictionary")
	}
	parts := map[string]map[string]any{}
	for _, key := range []string{"files", "rules", "files2", "rules2"} {
		part, ok := dict[key].(map[string]any)
		if _, there := dict[key]; there && !ok {
			return list{}, fmt.Errorf("%s is not a dictionary", key)
		} else if there {
			parts[key] = part
		}
	}
	l := list{1, parts["files"], parts["rules"]}
	if parts["files2"] != nil {
		l = list{2, parts["files2"], parts["rules2"]}
	}
	if l.files == nil || l.rules == nil {
		return list{}, errors.New("lacks files or the rules that belong to them")
	}
	if size := l.requirements(); size > maxRequirements {
		return list{}, fmt.Errorf("requirements of %d bytes in all; the limit is %d", size, maxRequirements)
	}
	return l, nil
}

// requirements returns how long all requirements are, in bytes.
func (l list) requirements() (size int) {
	for _, value := range l.files {
		if dict, ok := value.(map[string]any); ok {
			text, _ := dict["requirement"].(string)
			size += len(text)
		}
	}
	return size
}

// newSealed reads one entry (ResourceSeal::ResourceSeal). With an error it returns
// what stands for the entry, or nil when no file can have that name.
func newSealed(name string, value any) (*sealed, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	s := &sealed{name: name}
	if data, ok := value.([]byte); ok {
		value = map[string]any{"hash": data}
	}
	dict, ok := value.(map[string]any)
	if !ok {
		return s, errors.New("neither data nor a dictionary")
	}
	if optional, there := dict["optional"]; there {
		if s.optional, ok = optional.(bool); !ok {
			return s, errors.New("optional is not a boolean")
		}
	}
	if source, there := dict["requirement"]; there {
		return s, s.takeNested(source, dict["cdhash"])
	}
	if target, there := dict["symlink"]; there {
		text, ok := target.(string)
		if !ok || text == "" || len(text) > maxPath {
			return s, fmt.Errorf("symlink is not a path of at most %d bytes", maxPath)
		}
		s.link, s.target = true, text
		return s, nil
	}
	return s, s.takeHashes(dict)
}

func (s *sealed) takeNested(source, cdhash any) (err error) {
	text, ok := source.(string)
	if !ok {
		return errors.New("requirement is not a string")
	}
	if hash, ok := cdhash.([]byte); ok {
		s.cdhash = hex.EncodeToString(hash)
	}
	if s.requirement, err = requirement.Compile(text); err != nil {
		return fmt.Errorf("requirement: %w", err)
	}
	return nil
}

// takeHashes reads the hashes of a file. Their keys are "hash" and, but for SHA-1,
// the number of the hash type in a CodeDirectory (ResourceBuilder::hashName). All
// that are there must fit; Security.framework compares those whose type the
// CodeDirectories have.
func (s *sealed) takeHashes(dict map[string]any) error {
	for _, h := range []struct {
		key  string
		size int
		new  func() hash.Hash
	}{
		{"hash", sha1.Size, sha1.New},
		{"hash2", sha256.Size, sha256.New},
		{"hash3", 20, sha256.New}, // truncated
		{"hash4", sha512.Size384, sha512.New384},
	} {
		value, there := dict[h.key]
		if !there {
			continue
		}
		data, ok := value.([]byte)
		if !ok || len(data) != h.size {
			s.hashes = nil
			return fmt.Errorf("%s is not data of %d bytes", h.key, h.size)
		}
		s.sha1 = h.key == "hash"
		s.hashes = append(s.hashes, sum{h.new, data})
	}
	if s.hashes == nil {
		return errors.New("neither a hash, a link nor a requirement")
	}
	return nil
}

// checkName checks that name can be that of a file in the bundle.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("an empty name")
	case len(name) > maxPath:
		return fmt.Errorf("a name of %d bytes", len(name))
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return errors.New("a name that is not UTF-8, or has a NUL in it")
	case path.Clean("/"+name) != "/"+name:
		return errors.New("a name that no file in the bundle has")
	}
	return nil
}

// lookup returns what the list says of a name on disk, nil for nothing.
//
// Security.framework compares names byte by byte, but which bytes they are depends
// on the volume: HFS+ decomposes every name, APFS and Linux keep it as written.
// So names that are canonically equivalent are taken for the same, which on both
// volumes of macOS they are, and other bytes are told. Case is not folded: macOS
// does not either when it compares.
func (e *envelope) lookup(rel string) *sealed { return e.files[norm.NFD.String(rel)] }
