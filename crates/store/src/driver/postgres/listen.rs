//! What the nodes tell each other: `NOTIFY`, a short cut and never the only way (D5).

use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::{
    sync::{broadcast, mpsc},
    time::sleep,
};
use tokio_postgres::AsyncMessage;

use super::connect::{Connector, Wire};

/// Pause before listening again.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens until nobody can hear it any more; after each break says the empty topic, because something may have been missed.
pub(super) async fn listen(connector: Connector, topics: broadcast::Sender<Arc<str>>) {
    loop {
        let (ended, mut end) = mpsc::channel::<()>(1);
        let hear = topics.clone();
        let client = connector.connect(|wire| async move { forward(wire, &hear, ended).await }).await;
        if let Ok(client) = client
            && client.batch_execute("LISTEN zis").await.is_ok()
        {
            let _ = topics.send(Arc::from(""));
            // Nothing is ever sent: it ends when the connection does.
            end.recv().await;
        }
        sleep(PAUSE).await;
    }
}

async fn forward(mut wire: Wire, topics: &broadcast::Sender<Arc<str>>, _ended: mpsc::Sender<()>) {
    while let Some(Ok(message)) = poll_fn(|context| wire.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message {
            let _ = topics.send(Arc::from(notification.payload()));
        }
    }
}
