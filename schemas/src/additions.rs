//! What consumers add to what Meta sent: answers of the Graph API, who a customer is, what became of attachments.

pub mod lookup;
pub mod media;
pub mod profile;
