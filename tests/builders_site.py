"""A site file for tests: complete, small, every table once."""

A_SITE_FILE = """# a site
[hotline]
number = "10010"
language = "zh-CN"

[[trunks]]
name = "carrier"
match = ["127.0.0.1", "192.0.2.0/24"]

[tiers.vip]
answer_within_s = 10
goal = 0.95

[tiers.ordinary]
answer_within_s = 20
goal = 0.90

[routing]
vip_reserve = 1
ring_s = 8
wrap_up_s = 2.5

[[seats]]
number = "1001"
password = "abcdefgh-1001"

[[seats]]
number = "1901"
dedicated_to = ["vip"]
auto_login = true

[[agents]]
number = "5001"
name = "张伟"
pin = "4711"

[network]
bind = "127.0.0.1"
"""
