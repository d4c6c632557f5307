package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Process is a program with the code that runs in it, all of one architecture.
type Process struct {
	Images []Image  // the main executable first; of one file all slices of which one is loaded, one after the other
	Gaps   []string // what of it is not known
}

// Image is a file in a process.
type Image struct {
	Path string
	Code *Code // nil: nothing is known of it
	May  bool  // it is not said that the program loads it; it lies where it might
	Weak bool  // the program starts without it

	// PassOn are those of the libraries that it names that pass on what macOS's have, by the
	// names that it has for them: dyld looks into the libraries that a library re-exports
	// (Loader::hasExportedSymbol).
	PassOn []string
	Signer
}

// Signer is who signed a file, as far as library validation asks.
type Signer struct {
	Team  string // empty for none
	Valid bool   // the signature verifies
	Apple bool   // it is Apple's own code
}

// Cited is an item with the file that it is in.
type Cited struct {
	Item
	Path string
	May  bool // as in [Image]
}

// Assessment is what the code of a process says of one entitlement.
type Assessment struct {
	Entitlement string
	Strength    Strength // of the strongest item
	Items       []Cited  // strongest first, the first few
	More        int      // items that were left out
	Text        string   // what that comes to where there is more to say; empty for nothing
	Gaps        []Missed // what could not be followed, and might change it
}

// Missed is something that could not be followed, with the file that it is in.
type Missed struct {
	Path string // empty for the process as a whole
	Text string
}

// maxCited bounds the items of an assessment.
const maxCited = 8

// The entitlements that something in the code can speak for.
const (
	allowJIT            = "com.apple.security.cs.allow-jit"
	allowUnsignedMemory = "com.apple.security.cs.allow-unsigned-executable-memory"
	disableProtection   = "com.apple.security.cs.disable-executable-page-protection"
	disableValidation   = "com.apple.security.cs.disable-library-validation"
	allowDyld           = "com.apple.security.cs.allow-dyld-environment-variables"
	debugger            = "com.apple.security.cs.debugger"
	getTaskAllow        = "com.apple.security.get-task-allow"
)

// judgement says which need an entitlement serves, and what to say when nothing in the
// code has that.
type judgement struct {
	key     string
	need    Need // empty: none of the code's
	nothing string
}

var judgements = []judgement{
	{allowJIT, MapJIT, "no call that maps memory with MAP_JIT, and no known generator of machine code"},
	{allowUnsignedMemory, UnsignedMemory, "no memory that is writable and executable without MAP_JIT"},
	{disableProtection, PageProtection, "nothing found that writes into executable pages; this entitlement also permits what allow-jit and allow-unsigned-executable-memory do"},
	{disableValidation, ForeignCode, "nothing that loads code of others"},
	{allowDyld, DyldEnvironment, "no DYLD_ variable is named; others may set them, when they start the program"},
	{debugger, Debugger, "no call that takes hold of another process"},
	{getTaskAllow, "", "no code needs it: it lets debuggers attach to the program, and belongs in no release"},
}

// Keys returns the entitlements that [Weigh] knows, in the order of the needs.
func Keys() []string {
	var keys []string
	for _, j := range judgements {
		keys = append(keys, j.key)
	}
	return keys
}

// Weigh puts together what the code of a process says of an entitlement, and reports
// whether it can say anything of that one.
func Weigh(p Process, key string) (Assessment, bool) {
	i := slices.IndexFunc(judgements, func(j judgement) bool { return j.key == key })
	if i < 0 || len(p.Images) == 0 {
		return Assessment{}, false
	}
	j := judgements[i]
	a := Assessment{Entitlement: key, Strength: None}
	if j.need != "" {
		a.Gaps = p.gaps(j.need)
		a.cite(p.items(j.need)...)
	}
	switch key {
	case disableValidation:
		a.libraries(p)
	case disableProtection:
		a.included(p)
	case allowJIT:
		if a.Strength == None && p.strength(UnsignedMemory).AtLeast(Suggests) {
			a.Text = "memory is made executable without MAP_JIT, for which it is not enough"
		}
	}
	if a.Strength == None && a.Text == "" {
		a.Text = j.nothing
	}
	a.narrow(p, key)
	a.finish()
	return a, true
}

// Loads reports whether something in the process loads code at run time.
func (p Process) Loads() bool { return len(p.items(ForeignCode)) > 0 }

// items returns what the files of the process have for a need. What they may load
// proves nothing of the process.
func (p Process) items(need Need) []Cited {
	var list []Cited
	for n, img := range p.Images {
		if img.Code == nil {
			continue
		}
		for _, it := range img.Code.Items {
			if it.Need != need {
				continue
			}
			if n > 0 && p.Images[n-1].says(img.Path, it) {
				continue
			}
			if it.PassedOn != "" && slices.Contains(img.PassOn, it.Of) {
				it.Strength = it.PassedOn
			}
			if img.May && it.Strength == Proves {
				it.Strength = Suggests
			}
			list = append(list, Cited{it, img.Path, img.May})
		}
	}
	return list
}

// says reports whether an image is of the file at the path, as another slice of it is that
// stands behind it, and has the item.
func (img Image) says(path string, it Item) bool {
	return img.Path == path && img.Code != nil && slices.ContainsFunc(img.Code.Items, func(o Item) bool {
		o.Address = it.Address
		return o == it
	})
}

// strength returns the strength of what there is for a need.
func (p Process) strength(need Need) Strength {
	a := Assessment{Strength: None}
	a.cite(p.items(need)...)
	return a.Strength
}

// gaps returns what could not be followed in the files that are loaded, and may hide a need.
func (p Process) gaps(need Need) []Missed {
	var list []Missed
	for _, g := range p.Gaps {
		list = append(list, Missed{Text: g})
	}
	for _, img := range p.Images {
		switch {
		case img.May:
		case img.Code == nil:
			list = append(list, Missed{img.Path, "not looked into"})
		default:
			for _, g := range img.Code.Gaps {
				if m := (Missed{img.Path, g.Text}); g.hides(need) && !slices.Contains(list, m) {
					list = append(list, m)
				}
			}
		}
		if len(list) > maxGaps {
			return append(list[:maxGaps], Missed{Text: "and more"})
		}
	}
	return list
}

// maxGaps bounds the gaps of an assessment.
const maxGaps = 8

func (a *Assessment) cite(items ...Cited) {
	for _, c := range items {
		a.Items = append(a.Items, c)
		if c.Strength.rank() < a.Strength.rank() {
			a.Strength = c.Strength
		}
	}
}

// finish brings the strongest items to the front and leaves out what is beyond the limit.
func (a *Assessment) finish() {
	inorder.By(a.Items, func(x, y Cited) int {
		if x.Strength != y.Strength {
			return x.Strength.rank() - y.Strength.rank()
		}
		if x.May != y.May {
			if x.May {
				return 1
			}
			return -1
		}
		return 0 // the main executable first, then as they are loaded
	})
	if len(a.Items) > maxCited {
		a.More = len(a.Items) - maxCited
		a.Items = slices.Clone(a.Items[:maxCited]) // and not all that there was
	}
}

// libraries compares who signed what the process loads. Library validation takes what
// Apple signed, and what the team of the program did
// (https://developer.apple.com/documentation/bundleresources/entitlements/com.apple.security.cs.disable-library-validation).
func (a *Assessment) libraries(p Process) {
	main := p.Images[0]
	same := 0
	for n, img := range p.Images[1:] {
		if p.Images[n].Path == img.Path && p.Images[n].Signer == img.Signer {
			continue // another slice of the same file
		}
		why := main.refuses(img.Signer)
		if why == "" {
			same++
			continue
		}
		it := Item{Need: ForeignCode, Strength: Proves, Text: "is loaded and is " + why}
		switch {
		case img.May:
			it.Strength, it.Text = Suggests, "may be loaded and is "+why
		case img.Weak:
			it.Strength = Suggests
		}
		a.cite(Cited{it, img.Path, img.May})
	}
	if same > 0 && a.Strength.rank() > Suggests.rank() {
		a.Text = fmt.Sprintf("the libraries here that it loads or may load (%d) are signed by its own team or by Apple", same)
	}
}

// refuses says why library validation would not let s into a process of the signer,
// empty when it would.
func (main Signer) refuses(s Signer) string {
	switch {
	case s.Apple && s.Valid:
		return ""
	case !s.Valid && s.Team == "":
		return "signed by nobody"
	case !s.Valid:
		return "signed in a way that does not verify"
	case s.Team == "":
		return "signed by nobody's team"
	case s.Team != main.Team:
		return "signed by team " + s.Team
	}
	return ""
}

// included tells of what narrower entitlements permit, which this one permits too.
func (a *Assessment) included(p Process) {
	if a.Strength != None {
		return
	}
	for _, need := range []Need{UnsignedMemory, MapJIT} {
		for _, c := range p.items(need) {
			c.Strength = Consistent
			a.cite(c)
		}
	}
}

// narrow says when a narrower entitlement would do.
func (a *Assessment) narrow(p Process, key string) {
	if narrower := Narrower(p, key); narrower != "" {
		a.Text = strings.TrimPrefix(narrower, "com.apple.security.cs.") + " alone should do: " +
			map[string]string{
				allowJIT:            "memory is mapped with MAP_JIT, and nothing was found that is executable without it",
				allowUnsignedMemory: "nothing was found that writes into executable pages of files",
			}[narrower]
	}
}

// Supports reports whether the evidence is enough where a policy requires it: something
// that suggests the need, in what is known to be loaded. Loading code at run time is itself
// what library validation is turned off for, so that what is consistent with that is
// enough, and so is a library of others that may be loaded.
func (a Assessment) Supports() bool {
	return slices.ContainsFunc(a.Items, func(c Cited) bool {
		if a.Entitlement == disableValidation {
			return c.Strength.AtLeast(Consistent)
		}
		return !c.May && c.Strength.AtLeast(Suggests)
	})
}

// Narrower returns the narrower entitlement that should do for a process in place of
// the one given, empty where the code does not show that. The three on executable memory
// include each other (https://developer.apple.com/forums/thread/776290).
func Narrower(p Process, key string) string {
	switch {
	case key != allowUnsignedMemory && key != disableProtection,
		key == disableProtection && p.strength(PageProtection).AtLeast(Consistent),
		key == allowUnsignedMemory && p.strength(UnsignedMemory).AtLeast(Consistent):
		return ""
	case key == disableProtection && p.strength(UnsignedMemory).AtLeast(Suggests):
		return allowUnsignedMemory
	case p.strength(MapJIT).AtLeast(Suggests) && !p.strength(UnsignedMemory).AtLeast(Consistent):
		return allowJIT
	}
	return ""
}

// Join puts together what two architectures of one program say of an entitlement, with
// the same strength. What both say is told once.
func (a Assessment) Join(b Assessment) Assessment {
	have := map[[3]string]bool{}
	for _, c := range a.Items {
		have[[3]string{c.Path, c.Text, c.Symbol}] = true
	}
	for _, c := range b.Items {
		if !have[[3]string{c.Path, c.Text, c.Symbol}] {
			a.Items = append(slices.Clip(a.Items), c)
		}
	}
	for _, g := range b.Gaps {
		if !slices.Contains(a.Gaps, g) {
			a.Gaps = append(slices.Clip(a.Gaps), g)
		}
	}
	a.More = max(a.More, b.More)
	a.finish()
	return a
}
