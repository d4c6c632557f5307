package report

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/profile"
)

// jsonProfile is a provisioning profile.
type jsonProfile struct {
	Path         string   `json:"path"`
	Error        string   `json:"error,omitempty"`
	Verified     bool     `json:"verified"`
	Problem      string   `json:"problem,omitempty"`
	Signer       string   `json:"signer,omitempty"`
	Name         string   `json:"name,omitempty"`
	UUID         string   `json:"uuid,omitempty"`
	AppIDName    string   `json:"app_id_name,omitempty"`
	TeamIDs      []string `json:"team_ids,omitempty"`
	TeamName     string   `json:"team_name,omitempty"`
	Platforms    []string `json:"platforms,omitempty"`
	Created      string   `json:"created,omitempty"`
	Expires      string   `json:"expires,omitempty"`
	AllDevices   bool     `json:"all_devices,omitempty"`
	Devices      int      `json:"devices,omitempty"`
	Certificates []string `json:"certificates,omitempty"`
}

// profileJSON returns nil where there is no profile.
func profileJSON(there *check.Provisioning) *jsonProfile {
	switch {
	case there == nil:
		return nil
	case there.Err != nil:
		return &jsonProfile{Path: there.Path, Error: there.Err.Error()}
	case there.Profile == nil:
		return nil
	}
	p := there.Profile
	out := &jsonProfile{
		Path: there.Path, Verified: p.Problem == "", Problem: p.Problem, Signer: p.Signer,
		Name: p.Name, UUID: p.UUID, AppIDName: p.AppIDName, TeamIDs: p.Teams, TeamName: p.TeamName, Platforms: p.Platforms,
		Created: rfc3339(p.Created), Expires: rfc3339(p.Expires), AllDevices: p.AllDevices, Devices: p.Devices,
	}
	for _, sum := range p.Certificates {
		out.Certificates = append(out.Certificates, hex.EncodeToString(sum[:]))
	}
	return out
}

// profileLine says in one line which profile there is, empty for none. It is not
// sanitised yet.
func profileLine(there *check.Provisioning) string {
	switch {
	case there == nil:
		return ""
	case there.Err != nil:
		return "not readable"
	case there.Profile == nil:
		return ""
	}
	p := there.Profile
	line := fmt.Sprintf("%s, team %s, until %s", cut(cmp.Or(p.Name, p.UUID, "without a name"), maxValue, "…"),
		cut(strings.Join(p.Teams, ", "), maxValue, "…"), p.Expires.Format(time.DateOnly))
	if p.Problem != "" {
		line += ", not proven to be Apple's"
	}
	return line
}

// showProfile tells of the provisioning profile of a bundle.
func (t *text) showProfile(there *check.Provisioning) {
	if there == nil || there.Path == "" {
		return
	}
	t.field("Profile", there.Path)
	if there.Err != nil {
		t.field("", "not readable: "+there.Err.Error())
		return
	}
	p := there.Profile
	t.field("", fmt.Sprintf("%s, %s", cmp.Or(p.Name, "without a name"), cmp.Or(p.UUID, "without a UUID")))
	t.field("", fmt.Sprintf("of team %s (%s), for %s (%s)", strings.Join(p.Teams, ", "), cmp.Or(p.TeamName, "without a name"),
		cmp.Or(p.AppIDName, "an app without a name"), cmp.Or(strings.Join(p.Platforms, ", "), "no platform named")))
	t.field("", fmt.Sprintf("for %s, until %s; %s may sign with it", devices(p), p.Expires.Format(time.RFC3339), plural(len(p.Certificates), "certificate")))
	if p.Problem == "" {
		t.field("", "signed by "+p.Signer)
	} else {
		t.field("Problem", "not proven to be Apple's: "+p.Problem)
	}
	t.field("Authorizes", "")
	for _, key := range p.Entitlements.Keys() {
		t.prose("      ", "          ", sanitise.Text(key+": "+p.Entitlements[key].Text()))
	}
}

func devices(p *profile.Profile) string {
	switch {
	case p.AllDevices:
		return "all devices"
	case p.Devices > 0:
		return plural(p.Devices, "device")
	}
	return "no device that it lists"
}
