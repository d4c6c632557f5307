package machotest

import (
	"crypto/sha1"
	"crypto/sha256"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Sealer writes the seal of a bundle, _CodeSignature/CodeResources, as codesign
// does (SecCodeSigner::Signer::buildResources in signer.cpp of
// libsecurity_codesigning). Its zero value seals a bundle that has Resources.
type Sealer struct {
	Executable string            // the main executable, which is not sealed; relative to the seal as all names here
	Code       map[string]Sealed // nested code, which is not looked at
	Flat       bool              // there is no folder Resources, as on iOS and in old frameworks
	SHA1       bool              // files2 has SHA-1 hashes beside the SHA-256 ones, as for systems before 10.11.4
	Version1   bool              // only files and rules, as before OS X 10.9
	Edit       func(map[string]any)
}

// Sealed is what the seal says of nested code.
type Sealed struct {
	Requirement string
	CDHash      []byte
}

// Write seals what is in dir, the support folder of a bundle (Contents), and
// returns the CodeResources that it wrote there.
func (s Sealer) Write(t testing.TB, dir string) []byte {
	t.Helper()
	b := s.CodeResources(os.DirFS(dir))
	WriteTree(t, dir, map[string][]byte{filepath.Join("_CodeSignature", "CodeResources"): b})
	return b
}

// CodeResources returns the seal of support.
func (s Sealer) CodeResources(support fs.FS) []byte {
	rules, rules2 := s.rules()
	root := map[string]any{"rules": rules.plist(), "files": s.files(support, rules)}
	if !s.Version1 {
		root["rules2"], root["files2"] = rules2.plist(), s.files2(support, rules2)
	}
	if s.Edit != nil {
		s.Edit(root)
	}
	return Plist(root)
}

// Rules that codesign writes, from BundleDiskRep::defaultResourceRules.
type sealRules map[string]sealRule

type sealRule struct {
	weight                 float64
	omit, optional, nested bool
}

func (s Sealer) rules() (one, two sealRules) {
	resources := "^Resources/"
	if s.Flat {
		resources = "^"
	}
	one = sealRules{
		`^version.plist$`:                         {},
		resources + `.*\.lproj/`:                  {weight: 1000, optional: true},
		resources + `Base\.lproj/`:                {weight: 1010},
		resources + `.*\.lproj/locversion.plist$`: {weight: 1100, omit: true},
	}
	two = sealRules{
		`^.*`:                          {},
		`.*\.dSYM($|/)`:                {weight: 11},
		`^(.*/)?\.DS_Store$`:           {weight: 2000, omit: true},
		`^Info\.plist$`:                {weight: 20, omit: true},
		`^version\.plist$`:             {weight: 20},
		`^embedded\.provisionprofile$`: {weight: 20},
		`^PkgInfo$`:                    {weight: 20, omit: true},
		resources + `.*\.lproj/`:       {weight: 1000, optional: true},
		resources + `Base\.lproj/`:     {weight: 1010},
		resources + `.*\.lproj/locversion.plist$`: {weight: 1100, omit: true},
	}
	if s.Version1 {
		delete(one, resources+`Base\.lproj/`)
	}
	if s.Flat {
		one[`^.*`] = sealRule{}
	} else {
		one[resources] = sealRule{}
		two[`^[^/]+$`] = sealRule{weight: 10, nested: true}
		two[`^(Frameworks|SharedFrameworks|PlugIns|Plug-ins|XPCServices|Helpers|MacOS|Library/(Automator|Spotlight|LoginItems))/`] = sealRule{weight: 10, nested: true}
		two[resources] = sealRule{weight: 20}
	}
	return one, two
}

func (r sealRules) plist() map[string]any {
	dict := map[string]any{}
	for pattern, rule := range r {
		if rule == (sealRule{}) {
			dict[pattern] = true
			continue
		}
		value := map[string]any{"weight": rule.weight}
		for key, set := range map[string]bool{"omit": rule.omit, "optional": rule.optional, "nested": rule.nested} {
			if set {
				value[key] = true
			}
		}
		dict[pattern] = value
	}
	return dict
}

// find returns the rule for a path, and whether it is to be sealed.
func (r sealRules) find(path string) (best sealRule, sealed bool) {
	best.weight = -1
	for pattern, rule := range r {
		if rule.weight > best.weight && regexp.MustCompile(pattern).MatchString(path) {
			best = rule
		}
	}
	return best, best.weight >= 0 && !best.omit
}

// each calls do for what the rules seal.
func (s Sealer) each(support fs.FS, rules sealRules, do func(path string, d fs.DirEntry, rule sealRule)) {
	err := fs.WalkDir(support, ".", func(path string, d fs.DirEntry, err error) error {
		switch path {
		case ".", s.Executable:
			return err
		case "_CodeSignature", "CodeResources", "_MASReceipt":
			if d.IsDir() {
				return fs.SkipDir
			}
			return err
		}
		rule, sealed := rules.find(path)
		switch {
		case d.IsDir() && rule.nested && strings.Contains(d.Name(), "."):
			do(path, d, rule)
			return fs.SkipDir
		case !d.IsDir() && sealed:
			do(path, d, rule)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
}

func (s Sealer) files(support fs.FS, rules sealRules) map[string]any {
	files := map[string]any{}
	s.each(support, rules, func(path string, d fs.DirEntry, rule sealRule) {
		if !d.Type().IsRegular() {
			return
		}
		hash := sha1.Sum(content(support, path))
		files[path] = hash[:]
		if rule.optional {
			files[path] = map[string]any{"hash": hash[:], "optional": true}
		}
	})
	return files
}

func (s Sealer) files2(support fs.FS, rules sealRules) map[string]any {
	files := map[string]any{}
	s.each(support, rules, func(path string, d fs.DirEntry, rule sealRule) {
		seal := map[string]any{}
		switch code, nested := s.Code[path]; {
		case d.Type()&fs.ModeSymlink != 0:
			target, err := fs.ReadLink(support, path)
			if err != nil {
				panic(err)
			}
			seal["symlink"] = target
		case nested:
			maps.Copy(seal, map[string]any{"requirement": code.Requirement, "cdhash": code.CDHash})
		case rule.nested:
			panic("machotest: nobody says how " + path + " is signed")
		default:
			b := content(support, path)
			hash2 := sha256.Sum256(b)
			seal["hash2"] = hash2[:]
			if s.SHA1 {
				hash := sha1.Sum(b)
				seal["hash"] = hash[:]
			}
		}
		if rule.optional {
			seal["optional"] = true
		}
		files[path] = seal
	})
	return files
}

func content(support fs.FS, path string) []byte {
	b, err := fs.ReadFile(support, path)
	if err != nil {
		panic(err)
	}
	return b
}
