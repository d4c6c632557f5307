package source

import (
	"slices"
)

// BuildSetting is a build setting of Xcode's that becomes an entitlement.
type BuildSetting struct {
	Name, Key string
	Access    bool // it is readonly or readwrite, and the key ends in .read-only or .read-write; else it is YES
}

// BuildSettings returns the build settings that become entitlements.
func BuildSettings() []BuildSetting { return slices.Concat(booleans, folders) }

// booleans are the build settings that Xcode makes entitlements of when they are YES
// (sandboxAndHardenedRuntimeBooleanEntitlements in swift-build's ProductPackaging.swift).
var booleans = []BuildSetting{
	{Name: "RUNTIME_EXCEPTION_ALLOW_DYLD_ENVIRONMENT_VARIABLES", Key: "com.apple.security.cs.allow-dyld-environment-variables"},
	{Name: "RUNTIME_EXCEPTION_ALLOW_JIT", Key: "com.apple.security.cs.allow-jit"},
	{Name: "RUNTIME_EXCEPTION_ALLOW_UNSIGNED_EXECUTABLE_MEMORY", Key: "com.apple.security.cs.allow-unsigned-executable-memory"},
	{Name: "RUNTIME_EXCEPTION_DEBUGGING_TOOL", Key: "com.apple.security.cs.debugger"},
	{Name: "RUNTIME_EXCEPTION_DISABLE_EXECUTABLE_PAGE_PROTECTION", Key: "com.apple.security.cs.disable-executable-page-protection"},
	{Name: "RUNTIME_EXCEPTION_DISABLE_LIBRARY_VALIDATION", Key: "com.apple.security.cs.disable-library-validation"},
	{Name: "ENABLE_APP_SANDBOX", Key: "com.apple.security.app-sandbox"},
	{Name: "ENABLE_INCOMING_NETWORK_CONNECTIONS", Key: "com.apple.security.network.server"},
	{Name: "ENABLE_OUTGOING_NETWORK_CONNECTIONS", Key: "com.apple.security.network.client"},
	{Name: "ENABLE_RESOURCE_ACCESS_AUDIO_INPUT", Key: "com.apple.security.device.audio-input"},
	{Name: "ENABLE_RESOURCE_ACCESS_BLUETOOTH", Key: "com.apple.security.device.bluetooth"},
	{Name: "ENABLE_RESOURCE_ACCESS_CALENDARS", Key: "com.apple.security.personal-information.calendars"},
	{Name: "ENABLE_RESOURCE_ACCESS_CAMERA", Key: "com.apple.security.device.camera"},
	{Name: "ENABLE_RESOURCE_ACCESS_CONTACTS", Key: "com.apple.security.personal-information.addressbook"},
	{Name: "ENABLE_RESOURCE_ACCESS_LOCATION", Key: "com.apple.security.personal-information.location"},
	{Name: "ENABLE_RESOURCE_ACCESS_PHOTO_LIBRARY", Key: "com.apple.security.personal-information.photos-library"},
	{Name: "ENABLE_RESOURCE_ACCESS_PRINTING", Key: "com.apple.security.print"},
	{Name: "ENABLE_RESOURCE_ACCESS_USB", Key: "com.apple.security.device.usb"},
	{Name: "AUTOMATION_APPLE_EVENTS", Key: "com.apple.security.automation.apple-events"},
	// Not of that table: it keeps what Xcode else takes out of builds that are
	// installed or archived (constructProductEntitlementsTasks in the same file).
	{Name: "ENTITLEMENTS_DONT_REMOVE_GET_TASK_ALLOW", Key: "com.apple.security.get-task-allow"},
}

// folders are those that become the entitlement with .read-only or .read-write after it
// (sandboxFileAccessSettingsAndEntitlements, there).
var folders = []BuildSetting{
	{Name: "ENABLE_FILE_ACCESS_DOWNLOADS_FOLDER", Key: "com.apple.security.files.downloads", Access: true},
	{Name: "ENABLE_FILE_ACCESS_PICTURE_FOLDER", Key: "com.apple.security.assets.pictures", Access: true},
	{Name: "ENABLE_FILE_ACCESS_MUSIC_FOLDER", Key: "com.apple.security.assets.music", Access: true},
	{Name: "ENABLE_FILE_ACCESS_MOVIES_FOLDER", Key: "com.apple.security.assets.movies", Access: true},
	{Name: "ENABLE_USER_SELECTED_FILES", Key: "com.apple.security.files.user-selected", Access: true},
}
