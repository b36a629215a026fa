<?php
// Horde's configuration, as config/conf.php. Wherever there was a choice, it is the one that makes the server faster: SQLite beside the workers
// rather than a database server, the cache on, logs, tokens, alarms and mail off.
$folder = dirname(__DIR__, 2);
$sql = array('driverconfig' => 'horde');

$conf['debug_level'] = 0; // Horde is older than this PHP: its notices would stand within the answers
$conf['umask'] = 077;
$conf['tmpdir'] = $folder . '/tmp';
$conf['compress_pages'] = false;
$conf['max_exec_time'] = 0;
$conf['use_ssl'] = 0;
$conf['urls'] = array('token_lifetime' => 30, 'hmac_lifetime' => 30, 'pretty' => false);
$conf['server'] = array('name' => '127.0.0.1', 'port' => 80);
$conf['cookie'] = array('domain' => '', 'path' => '/');
$conf['session'] = array('name' => 'Horde', 'cache_limiter' => 'nocache', 'max_time' => 72000, 'timeout' => 0);
$conf['sessionhandler'] = array('type' => 'Builtin', 'hashtable' => false);
$conf['secret_key'] = 'benchmark';

$conf['sql'] = array('phptype' => 'sqlite', 'database' => $folder . '/horde.db', 'charset' => 'utf-8', 'splitread' => false, 'logqueries' => false);
$conf['auth'] = array('driver' => 'sql', 'admins' => array(), 'params' => $sql + array('table' => 'horde_users',
    'username_field' => 'user_uid', 'password_field' => 'user_pass', 'encryption' => 'ssha', 'show_encryption' => false));
$conf['prefs'] = array('driver' => 'Sql', 'params' => $sql, 'maxsize' => 65535);
$conf['history'] = array('driver' => 'Sql', 'params' => $sql);
$conf['share'] = array('driver' => 'Sqlng', 'params' => $sql, 'auto_create' => true, 'cache' => false);
$conf['perms'] = array('driver' => 'Sql', 'params' => $sql);
$conf['group'] = array('driver' => 'Sql', 'params' => $sql);
$conf['lock'] = array('driver' => 'Sql', 'params' => $sql);
$conf['vfs'] = array('type' => 'File', 'params' => array('vfsroot' => $folder . '/vfs'));
$conf['cache'] = array('driver' => 'File', 'default_lifetime' => 86400, 'params' => array('dir' => $folder . '/tmp', 'sub' => 0));

$conf['log'] = array('enabled' => false);
$conf['token'] = array('driver' => 'Null');
$conf['alarms'] = array('driver' => false);
$conf['mailer'] = array('type' => 'null');
$conf['nosql'] = array('phptype' => false);
$conf['hashtable'] = array('driver' => 'none');

$conf['activesync'] = array('enabled' => true, 'version' => '14.1', 'emailsync' => false, 'storage' => 'Sql',
    'auth' => array('type' => 'basic'), 'autodiscovery' => 'user', 'logging' => array('type' => false),
    'ping' => array('heartbeatmin' => 60, 'heartbeatmax' => 2700, 'heartbeatdefault' => 480, 'deviceping' => true, 'waitinterval' => 15));
