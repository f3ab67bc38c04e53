"""The log becomes a table with partitions (chat/partitions.py makes them), and can be read by time."""

from django.db import migrations, models

TO_PARTITIONS = """
ALTER TABLE chat_chatmessage RENAME TO chat_chatmessage_whole;
DROP INDEX IF EXISTS chat_message_in_room, chat_message_by_sender;
CREATE TABLE chat_chatmessage (LIKE chat_chatmessage_whole INCLUDING DEFAULTS) PARTITION BY RANGE (id);
ALTER TABLE chat_chatmessage ADD PRIMARY KEY (id);
CREATE INDEX chat_message_in_room ON chat_chatmessage (room_id, seq);
CREATE INDEX chat_message_by_time ON chat_chatmessage (room_id, sent_at, seq);
CREATE INDEX chat_message_by_sender ON chat_chatmessage (sender_id, id DESC);
CREATE TABLE chat_chatmessage_other PARTITION OF chat_chatmessage DEFAULT;
INSERT INTO chat_chatmessage SELECT * FROM chat_chatmessage_whole;
DROP TABLE chat_chatmessage_whole;
"""
TO_ONE_TABLE = """
CREATE TABLE chat_chatmessage_whole (LIKE chat_chatmessage INCLUDING DEFAULTS);
INSERT INTO chat_chatmessage_whole SELECT * FROM chat_chatmessage;
DROP TABLE chat_chatmessage;
ALTER TABLE chat_chatmessage_whole RENAME TO chat_chatmessage;
ALTER TABLE chat_chatmessage ADD PRIMARY KEY (id);
CREATE INDEX chat_message_in_room ON chat_chatmessage (room_id, seq);
CREATE INDEX chat_message_by_sender ON chat_chatmessage (sender_id, id DESC);
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0007_delay_and_shield_set")]

    operations = [
        migrations.RunSQL(
            TO_PARTITIONS,
            TO_ONE_TABLE,
            state_operations=[
                migrations.AddIndex(
                    "chatmessage", models.Index(fields=["room", "sent_at", "seq"], name="chat_message_by_time")
                ),
            ],
        ),
    ]
