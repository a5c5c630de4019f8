//! The event types of Zendesk's webhooks beside the tags and titles that ZIS's catalogue has for them (spec ZIS 5.2).

use super::shape::Members;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Behind `zen:event-type:`.
    pub kind: &'static str,
    /// `event_type` of job specs.
    pub tag: &'static str,
    /// `type` of the event.
    pub title: &'static str,
    pub members: Members,
}

/// What every webhook type is in ZIS: `(ticket.created, ticket.TicketCreated)`.
pub fn translated() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|entry| (entry.kind, entry.tag))
}

pub(super) fn find(kind: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.kind == kind)
}

const fn entry(kind: &'static str, tag: &'static str, title: &'static str, members: Members) -> Entry {
    Entry { kind, tag, title, members }
}

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    entry("ticket.created", "ticket.TicketCreated", "Ticket Created", Members::AsTheyAre),
    entry("ticket.agent_assignment_changed", "ticket.AgentAssignmentChanged", "Agent Assignment Changed", Members::Ids),
    entry("ticket.attachment_linked_to_comment", "ticket.AttachmentLinkedToComment", "Attachment Linked to Comment", Members::Attachment),
    entry("ticket.attachment_redacted_from_comment", "ticket.AttachmentRedactedFromComment", "Attachment Redacted from Comment", Members::Attachment),
    entry("ticket.brand_changed", "ticket.BrandChanged", "Brand Changed", Members::Ids),
    entry("ticket.comment_added", "ticket.CommentAdded", "Comment Created", Members::AsTheyAre),
    entry("ticket.comment_made_private", "ticket.CommentMadePrivate", "Comment Made Private", Members::AsTheyAre),
    entry("ticket.comment_redacted", "ticket.CommentRedacted", "Comment Redacted", Members::AsTheyAre),
    entry("ticket.custom_field_changed", "ticket.CustomFieldChanged", "Custom Field Changed", Members::CustomField),
    entry("ticket.description_changed", "ticket.DescriptionChanged", "Description Changed", Members::AsTheyAre),
    entry("ticket.email_ccs_changed", "ticket.CcsChanged", "Email CCs Changed", Members::AsTheyAre),
    entry("ticket.external_id_changed", "ticket.ExternalIdChanged", "External ID Changed", Members::AsTheyAre),
    entry("ticket.followers_changed", "ticket.FollowersChanged", "Followers Changed", Members::AsTheyAre),
    entry("ticket.form_changed", "ticket.TicketFormChanged", "Form Changed", Members::Ids),
    entry("ticket.group_assignment_changed", "ticket.GroupAssignmentChanged", "Group Assignment Changed", Members::Ids),
    entry("ticket.marked_as_spam", "ticket.MarkedAsSpam", "Ticket Marked as Spam", Members::AsTheyAre),
    entry("ticket.merged", "ticket.TicketMerged", "Ticket Merged", Members::AsTheyAre),
    entry("ticket.organization_changed", "ticket.OrganizationChanged", "Organization Changed", Members::Ids),
    entry("ticket.permanently_deleted", "ticket.TicketPermanentlyDeleted", "Ticket Permanently Deleted", Members::AsTheyAre),
    entry("ticket.priority_changed", "ticket.PriorityChanged", "Priority Changed", Members::Words),
    entry("ticket.problem_link_changed", "ticket.ProblemLinkChanged", "Problem Link Changed", Members::Ids),
    entry("ticket.requester_changed", "ticket.RequesterChanged", "Requester Changed", Members::Ids),
    entry("ticket.soft_deleted", "ticket.TicketSoftDeleted", "Ticket Soft Deleted", Members::AsTheyAre),
    entry("ticket.status_changed", "ticket.StatusChanged", "Status Changed", Members::Words),
    entry("ticket.subject_changed", "ticket.SubjectChanged", "Subject Changed", Members::AsTheyAre),
    entry("ticket.submitter_changed", "ticket.SubmitterChanged", "Submitter Changed", Members::Ids),
    entry("ticket.tags_changed", "ticket.TagsChanged", "Tags Changed", Members::AsTheyAre),
    entry("ticket.task_due_at_changed", "ticket.TaskDueAtChanged", "Task Due At Changed", Members::AsTheyAre),
    entry("ticket.type_changed", "ticket.TicketTypeChanged", "Ticket Type Changed", Members::Words),
    entry("ticket.undeleted", "ticket.TicketUndeleted", "Ticket Undeleted", Members::AsTheyAre),
    entry("user.created", "user.UserCreated", "User Created", Members::AsTheyAre),
    entry("user.active_changed", "user.UserIsActiveChanged", "Active Status Changed", Members::AsTheyAre),
    entry("user.alias_changed", "user.UserAliasChanged", "Alias Changed", Members::AsTheyAre),
    entry("user.custom_field_changed", "user.CustomFieldChanged", "Custom Field Changed", Members::CustomField),
    entry("user.custom_role_changed", "user.CustomRoleChanged", "Custom Role Changed", Members::Ids),
    entry("user.default_group_changed", "user.UserDefaultGroupChanged", "Default Group Changed", Members::Ids),
    entry("user.details_changed", "user.UserDetailsChanged", "Details Changed", Members::AsTheyAre),
    entry("user.external_id_changed", "user.ExternalIdChanged", "External ID Changed", Members::AsTheyAre),
    entry("user.group_membership_created", "user.UserGroupAdded", "Group Added", Members::AsTheyAre),
    entry("user.group_membership_deleted", "user.UserGroupRemoved", "Group Removed", Members::AsTheyAre),
    entry("user.identity_changed", "user.UserIdentityChanged", "Identity Changed", Members::AsTheyAre),
    entry("user.identity_created", "user.UserIdentityCreated", "Identity Created", Members::AsTheyAre),
    entry("user.identity_deleted", "user.UserIdentityRemoved", "Identity Deleted", Members::AsTheyAre),
    entry("user.last_login_changed", "user.LastLoginChanged", "Last Login Changed", Members::AsTheyAre),
    entry("user.merged", "user.UserMerged", "User Merged", Members::AsTheyAre),
    entry("user.name_changed", "user.UserNameChanged", "Name Changed", Members::AsTheyAre),
    entry("user.notes_changed", "user.UserNotesChanged", "Notes Changed", Members::AsTheyAre),
    entry("user.only_private_comments_changed", "user.OnlyPrivateCommentsChanged", "Only Private Comments Changed", Members::AsTheyAre),
    entry("user.organization_membership_created", "user.UserOrganizationAdded", "Organization Added", Members::AsTheyAre),
    entry("user.organization_membership_deleted", "user.UserOrganizationRemoved", "Organization Removed", Members::AsTheyAre),
    entry("user.photo_changed", "user.UserPhotoChanged", "Photo Changed", Members::AsTheyAre),
    entry("user.role_changed", "user.UserRoleChanged", "Role Changed", Members::AsTheyAre),
    entry("user.tags_changed", "user.TagsChanged", "Tags Changed", Members::AsTheyAre),
    entry("user.time_zone_changed", "user.TimeZoneChanged", "Time Zone Changed", Members::AsTheyAre),
    entry("organization.created", "organization.OrganizationCreated", "Organization Created", Members::AsTheyAre),
    entry("organization.custom_field_changed", "organization.CustomFieldChanged", "Custom Field Changed", Members::CustomField),
    entry("organization.external_id_changed", "organization.ExternalIdChanged", "External ID Changed", Members::AsTheyAre),
    entry("organization.tags_changed", "organization.TagsChanged", "Tags Changed", Members::AsTheyAre),
];
