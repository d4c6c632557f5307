package docs_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/codewarrant/codewarrant"

// constants reads the constants of this module's packages out of their source.
type constants struct {
	t    *testing.T
	fset *token.FileSet
	read map[string]*types.Package // by folder
}

// Import returns a package of this module, or an empty one in the place of any other, but
// for what time is measured in.
func (c *constants) Import(name string) (*types.Package, error) {
	if dir, ok := strings.CutPrefix(name, module+"/"); ok {
		return c.in(dir), nil
	}
	p := types.NewPackage(name, path.Base(name))
	if name == "time" {
		for unit, n := range map[string]int64{"Second": 1e9, "Minute": 60e9, "Hour": 3600e9} {
			p.Scope().Insert(types.NewConst(token.NoPos, p, unit, types.Typ[types.UntypedInt], constant.MakeInt64(n)))
		}
	}
	p.MarkComplete()
	return p, nil
}

// in returns the package in a folder. That most of what it imports is not there does not
// matter to its constants.
func (c *constants) in(dir string) *types.Package {
	c.t.Helper()
	if p := c.read[dir]; p != nil {
		return p
	}
	names, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil || len(names) == 0 {
		c.t.Fatalf("%s: %d files: %v", dir, len(names), err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(c.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			c.t.Fatal(err)
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: c, IgnoreFuncBodies: true, Error: func(error) {}}
	p, _ := conf.Check(path.Join(module, dir), c.fset, files, nil)
	c.read[dir] = p
	return p
}

// limit is a row of a table: what the page says, and the constants that say so.
type limit struct {
	what, said string
	names      []string // such as "macho: maxSlices"
}

func limitsOf(t *testing.T) (list []limit) {
	t.Helper()
	const head = "| what | limit | constants |"
	for _, section := range strings.Split(read(t, "limits.md"), head)[1:] {
		for _, row := range table(t, head+section, head) {
			l := limit{what: row[0], said: row[1]}
			for part := range strings.SplitSeq(row[2], "; ") {
				dir, names, _ := strings.Cut(part, ": ")
				for name := range strings.SplitSeq(names, ", ") {
					l.names = append(l.names, dir+": "+name)
				}
			}
			list = append(list, l)
		}
	}
	return list
}

// quantity is a number, and what it counts where that changes it.
var quantity = regexp.MustCompile(`([0-9][0-9,]*)(?: (KiB|MiB|GiB|TiB|minutes?|hours?))?`)

// units are in bytes, and in nanoseconds.
var units = map[string]int64{
	"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	"minute": int64(time.Minute), "hour": int64(time.Hour),
}

func quantities(t *testing.T, text string) (list []int64) {
	t.Helper()
	for _, m := range quantity.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimRight(m[1], ","), ",", ""), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n*units[strings.TrimSuffix(m[2], "s")])
	}
	return list
}

// Each number of the page is that of the constants beside it, in their order.
func TestLimitsAreThoseOfTheCode(t *testing.T) {
	c := &constants{t, token.NewFileSet(), map[string]*types.Package{}}
	rows := limitsOf(t)
	for _, l := range rows {
		var want []int64
		for _, name := range l.names {
			n, ok := c.value(name)
			if !ok {
				t.Errorf("%s: there is no constant %s", l.what, name)
			}
			want = append(want, n)
		}
		text := l.said
		if len(quantities(t, text)) < len(want) { // "after the first 64 MiB" stands in what it is
			text = l.what + " " + text
		}
		if diff := cmp.Diff(want, quantities(t, text)); diff != "" {
			t.Errorf("%s: %s (-code +page):\n%s", l.what, l.said, diff)
		}
	}
	if len(rows) < 90 {
		t.Errorf("only %d limits", len(rows))
	}
}

// value returns a constant that is a whole number, by "folder: name".
func (c *constants) value(name string) (int64, bool) {
	c.t.Helper()
	dir, name, _ := strings.Cut(name, ": ")
	k, ok := c.in(dir).Scope().Lookup(name).(*types.Const)
	if !ok || k.Val().Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(k.Val())
}

// A new limit is on the page, or among those that nobody meets.
func TestEachLimitIsOnThePage(t *testing.T) {
	told := map[string]bool{}
	for _, l := range limitsOf(t) {
		for _, name := range l.names {
			told[name] = true
		}
	}
	c := &constants{t, token.NewFileSet(), map[string]*types.Package{}}
	found := 0
	for _, dir := range packages(t) {
		scope := c.in(dir).Scope()
		for _, name := range scope.Names() {
			if _, ok := c.value(dir + ": " + name); !ok || !strings.HasPrefix(strings.ToLower(name), "max") {
				continue
			}
			found++
			switch isInner := slices.Contains(strings.Fields(inner[dir]), name); {
			case told[dir+": "+name] == isInner:
				t.Errorf("%s of %s is to be either in a table of limits.md or in the list of those that nobody meets", name, dir)
			}
		}
		for name := range strings.FieldsSeq(inner[dir]) {
			if _, ok := c.value(dir + ": " + name); !ok {
				t.Errorf("%s has no constant %s", dir, name)
			}
		}
	}
	if found < 250 {
		t.Errorf("only %d limits were found", found)
	}
}

// packages are the folders of the packages that the program is made of.
func packages(t *testing.T) (list []string) {
	t.Helper()
	tools := regexp.MustCompile(`^(\.|docs|scripts|internal/(actiontest|archivetest|bench|corpus|githubtest|imagetest|machotest|runner|torture))(/|$)|/testdata|/\.`)
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		dir, rel := filepath.Rel("..", name)
		if err != nil || rel != nil || !d.IsDir() || tools.MatchString(filepath.ToSlash(dir)) {
			return err
		}
		files, err := filepath.Glob(filepath.Join(name, "*.go"))
		if slices.ContainsFunc(files, func(file string) bool { return !strings.HasSuffix(file, "_test.go") }) {
			list = append(list, filepath.ToSlash(dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// inner are limits that are not on the page, by folder: of what is told, and of steps and
// structures inside of something that a limit on the page bounds.
var inner = map[string]string{
	"approval":              "maxCounted maxTold",
	"artifact":              "maxAmbiguous maxNamed maxUncovered",
	"check":                 "maxEngines maxLooser maxMissing maxNear maxSuggested",
	"codesign":              "maxAttributes maxIndefinite maxNamed maxParts",
	"compare":               "maxFolders",
	"entitlement":           "maxMeant maxNotes maxProlog maxSalvaged maxSuggest maxTypos",
	"evidence":              "maxCited maxGaps maxHeld maxItems maxStarts maxString maxVariable",
	"evidence/calls":        "maxAlternatives maxApart maxArgs maxCallers maxForks maxFrame maxGaps maxGuess maxJumps maxListed maxName maxOutlined maxPieces maxReferences maxSlots maxTold maxWays maxWrappers",
	"evidence/engines":      "maxTail maxText maxVersion maxVersions",
	"internal/apfs":         "maxBlock maxCache maxDescriptors maxHoles maxLevel maxName maxSame",
	"internal/archive":      "maxAttributes maxDocumentPart maxElements maxKeys maxLink maxName maxOctal maxPart maxPax",
	"internal/boundedplist": "maxTag",
	"internal/bzip2":        "maxLength maxSelectors maxSymbols maxTables",
	"internal/canonical":    "maxDepth maxFields maxValues",
	"internal/cli":          "maxKey",
	"internal/decmpfs":      "MaxAttribute maxInline maxPacked",
	"internal/git":          "maxCommit maxName maxTree",
	"internal/github":       "maxCache maxComments maxETag maxHops maxName maxPath maxRef maxRefusal",
	"internal/hfs":          "maxDepth maxExtents maxName",
	"internal/lzfse":        "maxLiterals maxMatches",
	"internal/scan":         "maxInfoPlist maxListed maxScripts",
	"internal/sshsig":       "MaxSize maxErrors maxList maxPattern maxPatterns",
	"internal/udif":         "maxDisk maxPartitions maxWindow",
	"internal/volume":       "MaxTarget maxLinks",
	"macho":                 "maxAlign maxBinds maxData maxGaps maxHeld maxImportReads maxStub",
	"policy":                "maxCompared maxComparisons maxContexts maxErrors maxKey maxLooks maxMeetSteps maxMeets maxPairs maxSteps maxTypos maxUnproven",
	"report":                "maxAnchor maxAnnotation maxCell maxExtended maxFields maxFileSlices maxHead maxJudged maxMatches maxMatrixColumns maxMatrixRows maxPaths maxRelated maxRun maxText maxUnit maxValue",
	"seal":                  "maxLinks maxPath maxProblems",
	"source":                "maxProblems",
}
