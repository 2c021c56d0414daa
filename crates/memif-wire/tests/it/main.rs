//! The control channel, judged from outside the crate.

mod both_ends;
mod client_breaks_the_order;
mod client_makes_an_offer;
mod client_offers_wrong_regions;
mod client_offers_wrong_rings;
mod client_story;
mod honest;
mod machine_properties;
mod message_properties;
mod messages;
mod server_breaks_a_rule;
mod server_story;
mod texts;
mod transitions;
