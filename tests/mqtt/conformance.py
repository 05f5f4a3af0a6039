"""MQTT 3.1.1 and 5 as broker/CONFORMANCE.md promises them, asked by paho-mqtt."""

import os
import queue
import sys
import unittest

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv5, MQTTv311
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from seal import Seal

PATIENCE = 15
HOST, PORT = os.environ["SEALWAY_MQTT"].rsplit(":", 1)
VERSIONS = (MQTTv311, MQTTv5)


def properties(kind, **values):
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Session:
    """One connection, and what it heard, in queues."""

    def __init__(self, version, client_id, user, password, keep_alive=60, will=None, clean=True, asked=None, manual_ack=False):
        settings = {"clean_session": clean} if version == MQTTv311 else {}
        self.client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=version, manual_ack=manual_ack, **settings)
        self.welcomes, self.ends, self.pubacks = queue.Queue(), queue.Queue(), queue.Queue()
        self.subacks, self.unsubacks, self.messages = queue.Queue(), queue.Queue(), queue.Queue()
        self.client.username_pw_set(user, password)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = lambda _c, _u, flags, reason, told: self.welcomes.put((flags, reason, told))
        self.client.on_disconnect = lambda _c, _u, flags, reason, _p: self.ends.put((flags, reason))
        self.client.on_publish = lambda _c, _u, mid, reason, _p: self.pubacks.put((mid, reason))
        self.client.on_subscribe = lambda _c, _u, _mid, reasons, _p: self.subacks.put(reasons)
        self.client.on_unsubscribe = lambda _c, _u, _mid, reasons, _p: self.unsubacks.put(reasons)
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.version = version
        extra = {"clean_start": clean, "properties": asked} if version == MQTTv5 else {}
        self.client.connect(HOST, int(PORT), keep_alive, **extra)
        self.client.loop_start()
        self.flags, self.reason, self.told = self.welcomes.get(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic, payload, qos=1, **more):
        return self.client.publish(topic, payload, qos, **more)

    def puback(self):
        return self.pubacks.get(timeout=PATIENCE)[1]

    def end(self):
        """The reason of the DISCONNECT in version 5; None where the front just closed."""
        flags, reason = self.ends.get(timeout=PATIENCE)
        return reason.value if flags.is_disconnect_packet_from_server else None

    def subscribe(self, topic, qos=1):
        self.client.subscribe(topic, options=SubscribeOptions(qos=qos)) if self.version == MQTTv5 else self.client.subscribe(topic, qos)
        return [reason.value for reason in self.subacks.get(timeout=PATIENCE)]


class Conformance(unittest.TestCase):
    number = 0

    def seal(self):
        Conformance.number += 1
        return Seal(f"PAHO-{Conformance.number:03}")

    def device(self, version, seal=None, **more):
        seal = seal or self.seal()
        session = Session(version, seal.device, seal.device, seal.password(), **more)
        session.seal = seal
        return session

    def in_both(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                yield version

    def test_a_connack_announces_what_is_offered(self):
        with self.device(MQTTv5) as session:
            self.assertEqual(session.reason.value, 0)
            told = session.told
            self.assertEqual((told.ReceiveMaximum, told.MaximumQoS, told.RetainAvailable), (64, 1, 0))
            self.assertEqual(told.MaximumPacketSize, 16 * 1024 + 256)
            available = (told.WildcardSubscriptionAvailable, told.SubscriptionIdentifierAvailable, told.SharedSubscriptionAvailable)
            self.assertEqual(available, (0, 0, 0))
            self.assertFalse(hasattr(told, "TopicAliasMaximum"), "no alias is taken")
            self.assertFalse(hasattr(told, "ServerKeepAlive"), "the client's own holds")

    def test_no_session_is_ever_present(self):
        for version in self.in_both():
            seal = self.seal()
            asked = properties(PacketTypes.CONNECT, SessionExpiryInterval=3600) if version == MQTTv5 else None
            for _ in range(2):
                with self.device(version, seal, clean=False, asked=asked) as session:
                    self.assertFalse(session.flags.session_present)
                    if version == MQTTv5:
                        self.assertEqual(session.told.SessionExpiryInterval, 0)

    def test_a_keep_alive_of_none_is_replaced_by_the_servers(self):
        with self.device(MQTTv5, keep_alive=0) as session:
            self.assertEqual(session.told.ServerKeepAlive, 1200)

    def test_a_stored_report_is_acknowledged(self):
        for version in self.in_both():
            with self.device(version) as session:
                for _ in range(5):
                    session.publish(session.seal.up, session.seal.report())
                    self.assertEqual(session.puback().value, 0)

    def test_a_payload_without_anything_acceptable_is_told_in_version_5(self):
        for version, reason in zip(VERSIONS, (0, 0x99)):
            with self.device(version) as session:
                session.publish(session.seal.up, b"\xd2\x84garbage")
                self.assertEqual(session.puback().value, reason)

    def test_what_is_not_offered_on_the_up_topic_ends_the_connection(self):
        alias = properties(PacketTypes.PUBLISH, TopicAlias=1)
        for name, reason, options in (("QoS 0", 0x9B, {"qos": 0}), ("QoS 2", 0x9B, {"qos": 2}), ("retain", 0x9A, {"retain": True})):
            for version in VERSIONS:
                with self.subTest(name=name, version=version), self.device(version) as session:
                    session.publish(session.seal.up, session.seal.report(), **options)
                    self.assertEqual(session.end(), reason if version == MQTTv5 else None)
        with self.device(MQTTv5) as session:
            session.publish(session.seal.up, session.seal.report(), properties=alias)
            self.assertEqual(session.end(), 0x94)

    def test_a_foreign_topic_is_refused_and_version_5_goes_on(self):
        for version in self.in_both():
            with self.device(version) as session:
                session.publish("seal/v1/PAHO-000/up", session.seal.report())
                if version == MQTTv311:
                    self.assertIsNone(session.end())
                    continue
                self.assertEqual(session.puback().value, 0x87)
                session.seal.ctr, session.seal.prev = 0, bytes(16)
                session.publish(session.seal.up, session.seal.report())
                self.assertEqual(session.puback().value, 0)

    def test_a_will_is_refused_at_connect(self):
        for version, reason in zip(VERSIONS, (0x87, 0x87)):
            with self.subTest(version=version), self.device(version, will=("seal/v1/PAHO-000/up", b"gone", 1)) as session:
                # paho shows return code 5 of version 3.1.1 as the reason of version 5.
                self.assertEqual(session.reason.value, reason)

    def test_a_wrong_password_is_refused(self):
        for version, reason in zip(VERSIONS, (0x86, 0x86)):
            seal = self.seal()
            with self.subTest(version=version), Session(version, seal.device, seal.device, "secret") as session:
                self.assertEqual(session.reason.value, reason)

    def test_a_login_is_good_once(self):
        seal = self.seal()
        password = seal.password()
        for expected in (0, 0x86):
            with Session(MQTTv5, seal.device, seal.device, password) as session:
                self.assertEqual(session.reason.value, expected)

    def test_a_device_subscribes_to_its_own_down_topic_alone(self):
        with self.device(MQTTv5) as session:
            for topic, reason in (
                (session.seal.down, 1),
                ("seal/v1/PAHO-000/down", 0x87),
                (session.seal.up, 0x87),
                ("#", 0xA2),
                ("seal/v1/+/down", 0xA2),
                (f"$share/group/{session.seal.down}", 0x9E),
            ):
                self.assertEqual(session.subscribe(topic), [reason], topic)
            self.assertEqual(session.subscribe(session.seal.down, qos=2), [1], "granted at QoS 1")
        with self.device(MQTTv311) as session:
            self.assertEqual(session.subscribe(session.seal.down), [1])
            session.client.subscribe("#")
            self.assertIsNone(session.end())

    def test_an_unsubscription_says_whether_there_was_a_subscription(self):
        with self.device(MQTTv5) as session:
            session.subscribe(session.seal.down)
            session.client.unsubscribe([session.seal.down, "other"])
            self.assertEqual([reason.value for reason in session.unsubacks.get(timeout=PATIENCE)], [0, 0x11])

    def test_the_second_connection_of_a_device_ends_the_first(self):
        for version in self.in_both():
            seal = self.seal()
            with self.device(version, seal) as first, self.device(version, seal) as second:
                self.assertEqual(first.end(), 0x8E if version == MQTTv5 else None)
                # paho connects again by itself, with a login that was good once.
                first.client.loop_stop()
                second.publish(seal.up, seal.report())
                self.assertEqual(second.puback().value, 0)

    def test_what_is_too_large_is_refused(self):
        with self.device(MQTTv5) as session:
            session.publish(session.seal.up, bytes(16 * 1024 + 1))
            self.assertEqual(session.puback().value, 0x97)
            session.publish(session.seal.up, bytes(17 * 1024))
            self.assertEqual(session.end(), 0x95)
        with self.device(MQTTv311) as session:
            session.publish(session.seal.up, bytes(16 * 1024 + 1))
            self.assertIsNone(session.end())

    def test_acks_come_down_at_qos_1(self):
        for version in self.in_both():
            with self.device(version) as session:
                session.subscribe(session.seal.down)
                session.publish(session.seal.up, session.seal.report())
                message = session.messages.get(timeout=PATIENCE)
                self.assertEqual((message.topic, message.qos, message.retain), (session.seal.down, 1, False))
                self.assertEqual(message.payload[0], 0xD2)

    def test_no_message_is_sent_above_the_clients_own_packet_size(self):
        asked = properties(PacketTypes.CONNECT, MaximumPacketSize=60)
        with self.device(MQTTv5, asked=asked) as session:
            session.subscribe(session.seal.down)
            for _ in range(3):
                session.publish(session.seal.up, session.seal.report())
                self.assertEqual(session.puback().value, 0)
            self.assertTrue(session.messages.empty())

    def test_no_more_messages_come_than_the_client_takes_unacknowledged(self):
        asked = properties(PacketTypes.CONNECT, ReceiveMaximum=1)
        with self.device(MQTTv5, asked=asked, manual_ack=True) as session:
            session.subscribe(session.seal.down)
            session.publish(session.seal.up, session.seal.report())
            first = session.messages.get(timeout=PATIENCE)
            for _ in range(3):
                session.publish(session.seal.up, session.seal.report())
                self.assertEqual(session.puback().value, 0)
            self.assertTrue(session.messages.empty(), "one is unacknowledged")
            session.client.ack(first.mid, first.qos)
            self.assertNotEqual(session.messages.get(timeout=PATIENCE).mid, 0)

    def test_user_properties_and_a_wish_for_no_problem_information_are_taken(self):
        asked = properties(PacketTypes.CONNECT, RequestProblemInformation=0, RequestResponseInformation=1, UserProperty=("maker", "paho"))
        with self.device(MQTTv5, asked=asked) as session:
            self.assertEqual(session.reason.value, 0)
            self.assertFalse(hasattr(session.told, "ReasonString") or hasattr(session.told, "ResponseInformation"))
            session.publish(session.seal.up, session.seal.report(), properties=properties(PacketTypes.PUBLISH, UserProperty=("a", "b")))
            self.assertEqual(session.puback().value, 0)

    def test_a_listener_hears_within_its_party_and_is_given_a_client_id(self):
        token = os.environ["SEALWAY_TOKEN"]
        for version in self.in_both():
            with Session(version, "", "paho-carrier", token) as session:
                self.assertEqual(session.reason.value, 0)
                if version == MQTTv5:
                    self.assertTrue(session.told.AssignedClientIdentifier.startswith("listener-"))
                    self.assertEqual(session.told.WildcardSubscriptionAvailable, 1)
                self.assertEqual(session.subscribe("events/v1/paho-carrier/#"), [1])
                refused = 0x87 if version == MQTTv5 else 0x80
                self.assertEqual(session.subscribe("events/v1/another/#"), [refused])
                session.publish("events/v1/paho-carrier/x/opened", b"{}")
                self.assertEqual(session.end(), 0x87 if version == MQTTv5 else None)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    bad = len({case.id().split(" ")[0] for case, _ in result.failures + result.errors})
    print(f"# pass {result.testsRun - bad}\n# fail {bad}")
    sys.exit(1 if bad else 0)
