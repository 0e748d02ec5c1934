//! Both sources of revocation information, in every state, end to end: the agent, the gateway, the responder over HTTP and
//! the folder of lists are those that ship or that developers run.

mod matrix;
mod outage;
mod responder;
